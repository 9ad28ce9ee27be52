// The report in a real browser: report.mjs DIR, with one.html, many.html and
// hostile.html in it.  Screenshots are left beside them.  A line for each check.

import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const dir = process.argv[2];
const browser = await chromium.launch({
    executablePath: process.env.IG_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu'],
});

function check(ok, name, more = '') {
    console.log(`${ok ? 'ok' : 'not ok'} ${name}${ok || !more ? '' : `\n  ${more}`}`);
}

function same(have, want, name) {
    const [h, w] = [have, want].map((v) => JSON.stringify(v));
    check(h === w, name, `${h} is not ${w}`);
}

async function open(name, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
    const page = await context.newPage();
    page.said = [];
    page.asked = [];
    page.on('console', (m) => page.said.push(m.text()));
    page.on('pageerror', (e) => page.said.push(e.message));
    page.on('dialog', (d) => { page.said.push(`dialog ${d.message()}`); d.dismiss(); });
    page.on('request', (r) => page.asked.push(r.url()));
    const url = String(pathToFileURL(`${dir}/${name}.html`));
    await page.goto(url);
    page.quiet = () => {
        same(page.said, [], `${name}: nothing on the console`);
        same(page.asked, [url], `${name}: nothing is loaded but the file`);
    };
    return page;
}

// every piece of text with the ground that it stands on
const contrasts = () => {
    const rgb = (c) => c.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const bad = [];
    let n = 0;
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const e = walk.currentNode.parentElement;
        if (!walk.currentNode.data.trim() || e.closest('script, style, title')) continue;
        const style = getComputedStyle(e);
        let ground = e;
        while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
        const back = ground ? rgb(getComputedStyle(ground).backgroundColor) : [255, 255, 255];
        const front = rgb(e.closest('svg') ? style.fill : style.color);
        const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
        const ratio = (a + 0.05) / (b + 0.05);
        n++;
        if (ratio < 4.5) bad.push(`${e.tagName} ${walk.currentNode.data.slice(0, 20)}: ${ratio.toFixed(2)}`);
    }
    return { n, bad: bad.slice(0, 5) };
};

// labels of a picture that lie on one another, or outside
const crowded = () => [...document.querySelectorAll('figure.flow')].flatMap((figure) => {
    const frame = figure.querySelector('svg').getBoundingClientRect();
    const boxes = [...figure.querySelectorAll('text')].map((t) => [t.textContent, t.getBoundingClientRect()]);
    return boxes.flatMap(([name, a], i) => [
        ...(a.left < frame.left || a.right > frame.right || a.top < frame.top || a.bottom > frame.bottom ? [`${name} is outside`] : []),
        ...boxes.slice(i + 1).filter(([, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom - 1 && b.top < a.bottom - 1)
            .map(([other]) => `${name} lies on ${other}`),
    ]);
});

for (const name of ['one', 'many']) {
    const page = await open(name);
    same(await page.locator('figure.flow svg').count(), 2, `${name}: two pictures`);
    same(await page.evaluate(crowded), [], `${name}: every label can be read`);
    const sums = await page.evaluate(() => ['by-client', 'by-law'].map((id) => {
        const sum = (list) => list.reduce((a, b) => a + b, 0);
        const rows = [...document.getElementById(id).tBodies[0].rows];
        const counts = [...document.querySelectorAll(`figure[data-of=${id}] .count`)]
            .map((e) => Number(e.textContent.replaceAll(',', '')));
        return [sum(counts), 2 * sum(rows.map((tr) => Number(tr.cells[2].querySelector('data').value)))];
    }));
    for (const [drawn, table] of sums) same(drawn, table, `${name}: the picture has the table's figures`);
    page.quiet();
    await page.screenshot({ path: `${dir}/${name}.png`, fullPage: true });
    await page.context().close();
}

for (const colorScheme of ['light', 'dark']) {
    const page = await open('many', { colorScheme });
    const { n, bad } = await page.evaluate(contrasts);
    check(n > 200, `${colorScheme}: texts are looked at`, n);
    same(bad, [], `${colorScheme}: contrast is 4.5 or more`);
    await page.screenshot({ path: `${dir}/${colorScheme}.png` });
    await page.context().close();
}

{   // by keyboard
    const page = await open('many');
    const want = await page.evaluate(() => {
        const list = [...document.querySelectorAll('a[href], [tabindex="0"]')];
        list.forEach((e, i) => { e.dataset.nth = i; });
        return list.length;
    });
    const seen = [];
    let outlined = true;
    for (let i = 0; i < want; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
            const e = document.activeElement;
            const box = e.getBoundingClientRect();
            return [e.dataset.nth, getComputedStyle(e).outlineStyle !== 'none' && box.right > 0 && box.bottom > 0
                && box.top < innerHeight];
        });
        seen.push(Number(at[0]));
        outlined &&= at[1];
    }
    same(seen, [...Array(want).keys()], 'by keyboard everything is reached, in its order');
    check(want > 15, 'and there is something to reach', want);
    check(outlined, 'what has the focus can be seen');

    await page.setViewportSize({ width: 500, height: 800 });
    await page.locator('.scroll:has(#chapter-5)').focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.activeElement.scrollLeft > 0);
    check(true, 'a wide table is moved by the arrow keys');
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    check(wide <= 0, 'a narrow screen does not move sideways', wide);
    await page.screenshot({ path: `${dir}/narrow.png` });

    await page.evaluate(() => { document.activeElement.blur(); scrollTo(0, 0); });
    await page.locator('.skip').focus();
    await page.keyboard.press('Enter');
    check(page.url().endsWith('#main'), 'the skip link leads to the figures');
    page.quiet = undefined;
    await page.context().close();
}

{   // what is in it
    const page = await open('many');
    const wrong = await page.evaluate(() => [...document.querySelectorAll('td.n, thead th.n')]
        .filter((e) => !['end', 'right'].includes(getComputedStyle(e).textAlign)).length);
    same(wrong, 0, 'numbers stand to the right');
    const tables = await page.evaluate(() => [...document.querySelectorAll('table')].filter((t) => !t.caption?.textContent
        || !t.tHead.querySelector('th[scope=col]') || [...t.tBodies[0].rows].some((r) => r.cells[0].scope !== 'row')
        || new Set([...t.rows].map((r) => r.cells.length)).size !== 1).map((t) => t.id));
    same(tables, [], 'tables have captions and headings, and are even');
    const arabic = await page.locator('bdi', { hasText: 'الرياض' }).first().evaluate((e) => [
        getComputedStyle(e).direction, e.textContent, getComputedStyle(e.closest('table')).direction]);
    same(arabic, ['rtl', 'بنك الرياض (SA)', 'ltr'], 'a name from right to left is whole, and turns nothing else');
    const twice = await page.evaluate(() => {
        const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
        return ids.filter((id, i) => ids.indexOf(id) !== i);
    });
    same(twice, [], 'no id is there twice');
    const dead = await page.evaluate(() => [...document.querySelectorAll('a')].map((a) => a.getAttribute('href'))
        .filter((h) => !document.querySelector(h)));
    same(dead, [], 'every link leads somewhere');
    await page.context().close();
}

{   // hostile records
    const page = await open('hostile');
    same(await page.evaluate(() => [...document.querySelectorAll('img, b, iframe, script[src], [onerror]')].length), 0,
        'no element comes from a record');
    same(await page.locator('#models bdi').first().textContent(), '<script>alert(1)</script>', 'it is text');
    page.quiet();
    await page.context().close();
}

{   // without the script
    const page = await open('many', { javaScriptEnabled: false });
    same(await page.locator('figure.flow:visible').count(), 0, 'without scripts: no empty picture');
    check(await page.locator('table:visible').count() > 8, 'and all the tables');
    await page.context().close();
}

{   // on paper: A4, landscape, less the margins
    const page = await open('many', { viewport: { width: 1031, height: 700 }, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    same(await page.locator('nav').isVisible(), false, 'in print: no list of links');
    const cut = await page.evaluate(() => [...document.querySelectorAll('table, figure.flow svg')]
        .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.id || 'picture'));
    same(cut, [], 'no table is cut at the edge of the paper');
    const { bad } = await page.evaluate(contrasts);
    same(bad, [], 'dark text on white, also of a dark screen');
    await page.screenshot({ path: `${dir}/print.png` });
    const pdf = await page.pdf({ path: `${dir}/print.pdf`, preferCSSPageSize: true });
    check(pdf.length > 20000, 'a PDF is made', pdf.length);
    await page.context().close();
}

await browser.close();
