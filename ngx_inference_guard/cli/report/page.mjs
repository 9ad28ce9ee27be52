// The pictures of the report, drawn from the tables beside them: so they hold
// the same figures, and without this script nothing is missing but them.

import { sankey, sankeyLinkHorizontal } from 'd3-sankey';

const width = 1040;
const side = 280;          // for the names left and right of the flow
const letters = 24;        // of a name; the table has all of it
const row = 30;            // at least so much for a country
const most = 16;           // countries on a side; the rest is one node

const svgns = 'http://www.w3.org/2000/svg';

function add(parent, name, attributes = {}, text = undefined) {
    const e = document.createElementNS(svgns, name);
    for (const [key, value] of Object.entries(attributes)) {
        e.setAttribute(key, value);
    }
    if (text !== undefined) {
        e.textContent = text;
    }
    parent.append(e);
    return e;
}

// rows of a table as [from, to, number, abroad]
function read(table) {
    return [...table.tBodies[0].rows].flatMap((tr) => {
        const n = Number(tr.cells[2]?.querySelector('data')?.value);
        const short = (text) => text.length > letters ? `${text.slice(0, letters - 1).trim()}…` : text;
        const name = (cell) => cell.dataset.c
            ? short(cell.textContent.slice(2).trim()) + (cell.dataset.c === 'ZZ' ? '' : ` (${cell.dataset.c})`)
            : 'others';
        return n > 0 ? [[name(tr.cells[0]), name(tr.cells[1]), n, tr.className === 'abroad']] : [];
    });
}

// the largest keep their names
function largest(rows, at) {
    const sums = new Map();
    for (const r of rows) {
        sums.set(r[at], (sums.get(r[at]) ?? 0) + r[2]);
    }
    const names = [...sums].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    return new Set(names.length > most ? names.slice(0, most - 1) : names);
}

function graph(rows) {
    const kept = [largest(rows, 0), largest(rows, 1)];
    const nodes = new Map();
    const links = new Map();
    const node = (name, end) => {
        const id = `${end} ${name}`;
        nodes.has(id) || nodes.set(id, { id, name, end });
        return id;
    };
    for (const [from, to, n, abroad] of rows) {
        const source = node(kept[0].has(from) ? from : 'others', 0);
        const target = node(kept[1].has(to) ? to : 'others', 1);
        const key = `${source}\n${target}\n${abroad}`;
        const link = links.get(key) ?? { source, target, value: 0, abroad };
        link.value += n;
        links.set(key, link);
    }
    return { nodes: [...nodes.values()], links: [...links.values()] };
}

function legend(svg, y) {
    let x = side;
    for (const [name, text] of [['key', 'within the legal area'], ['key abroad', 'abroad']]) {
        add(svg, 'rect', { class: name, x, y: y - 10, width: 22, height: 10 });
        add(svg, 'text', { x: x + 30, y }, text);
        x += 200;
    }
}

function draw(figure) {
    const table = document.getElementById(figure.dataset.of);
    const data = table && graph(read(table));
    if (!data || data.nodes.length === 0) {
        return;
    }
    const ends = [0, 1].map((end) => data.nodes.filter((n) => n.end === end).length);
    const height = Math.max(80, Math.max(...ends) * row);
    const { nodes, links } = sankey()
        .nodeId((n) => n.id)
        .nodeSort((a, b) => (a.name === 'others') - (b.name === 'others') || b.value - a.value)
        .nodeWidth(12).nodePadding(16)
        .extent([[side, 4], [width - side, height]])(data);

    const svg = add(figure, 'svg', {
        viewBox: `0 0 ${width} ${height + 34}`, role: 'img',
        'aria-label': `${figure.querySelector('figcaption').textContent}. The table that follows has the same figures.`,
    });
    const path = sankeyLinkHorizontal();
    for (const link of links) {
        const p = add(svg, 'path', {
            class: link.abroad ? 'link abroad' : 'link', d: path(link),
            'stroke-width': Math.max(1.5, link.width),
        });
        add(p, 'title', {}, `${link.source.name} to ${link.target.name}: ${link.value.toLocaleString('en')}`);
    }
    for (const n of nodes) {
        const y = (n.y0 + n.y1) / 2;
        add(svg, 'rect', { class: 'node', x: n.x0, y: n.y0, width: 12, height: Math.max(1.5, n.y1 - n.y0) });
        const text = add(svg, 'text', {
            x: n.end ? n.x1 + 10 : n.x0 - 10, y: y + 5, 'text-anchor': n.end ? 'start' : 'end',
        });
        add(text, 'tspan', {}, `${n.name} `);
        add(text, 'tspan', { class: 'count' }, n.value.toLocaleString('en'));
    }
    legend(svg, height + 28);
    figure.tabIndex = 0;       // it scrolls on a narrow screen
    figure.hidden = false;
}

for (const figure of document.querySelectorAll('figure.flow')) {
    draw(figure);
}
