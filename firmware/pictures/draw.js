'use strict';
// Writes parts.svg, the parts of the firmware with the two ways through it, and power-cut.svg, the log around a cut.
const fs = require('fs');

const reading = '#1a7f37';
const command = '#0b62c4';
const grey = '#57606a';

const escape = text => String(text).replace(/&/g, '&amp;').replace(/</g, '&lt;');
const write = (x, y, text, style = '') => `<text x="${x}" y="${y}" ${style}>${escape(text)}</text>`;
const middle = 'text-anchor="middle"';
const small = 'font-size="12"';

function box(x, y, width, height, name, lines, fill = '#ffffff', stroke = grey) {
  const texts = lines.map((line, i) => write(x + width / 2, y + 40 + 16 * i, line, `${middle} ${small} fill="${grey}"`));
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="${fill}" stroke="${stroke}"/>`
    + write(x + width / 2, y + 22, name, `${middle} font-weight="bold"`) + texts.join('');
}

function arrow(colour, points, label, x, y) {
  const path = points.map((point, i) => (i ? 'L' : 'M') + point.join(',')).join(' ');
  const id = colour.slice(1);
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.5" marker-end="url(#m${id})"/>`
    + (label ? write(x, y, label, `${small} fill="${colour}"`) : '');
}

function picture(name, width, height, title, content) {
  const markers = [reading, command, grey].map(colour => `<marker id="m${colour.slice(1)}" viewBox="0 0 10 10" refX="9" `
    + `refY="5" markerWidth="6" markerHeight="6" orient="auto"><path d="M0,0 L10,5 L0,10 z" fill="${colour}"/></marker>`);
  fs.writeFileSync(name, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" `
    + `height="${height}" font-family="Helvetica, Arial, sans-serif" font-size="14" fill="#1f2328">\n`
    + `<title>${escape(title)}</title>\n<defs>${markers.join('')}</defs>\n`
    + `<rect width="${width}" height="${height}" fill="#ffffff"/>\n${content.join('\n')}\n</svg>\n`);
}

function drawParts() {
  picture('parts.svg', 940, 400, 'The parts of the firmware', [
    `<rect x="150" y="40" width="600" height="340" rx="10" fill="#f6f8fa" stroke="${grey}" stroke-dasharray="5 4"/>`,
    write(164, 62, 'the library: decides everything', `${small} fill="${grey}"`),
    box(10, 85, 110, 75, 'sensor', ['BME280,', 'BMP280']),
    box(170, 85, 150, 75, 'Readings', ['due? plausible?', 'worth publishing?']),
    box(370, 85, 150, 75, 'outbox', ['waits until', 'acknowledged']),
    box(370, 285, 150, 75, 'inbox, outbox', ['commands,', 'answers']),
    box(170, 285, 150, 75, 'Commands', ['verify, record,', 'execute, answer']),
    box(575, 85, 155, 275, 'session', ['connect, backoff,', 'keep-alive,', 'subscriptions', '', 'latest values:', 'status, health,',
      'outputs']),
    box(10, 285, 110, 75, 'outputs', ['pulses,', 'safe states']),
    box(800, 85, 130, 275, 'broker', ['MQTT', 'over TCP or TLS']),
    box(170, 193, 350, 60, 'flash', ['log of readings · history of commands · settings'], '#fff8e1', '#bf8700'),
    box(10, 193, 110, 60, 'watch thread', ['stalls, pulse ends']),
    arrow(reading, [[120, 122], [168, 122]]),
    arrow(reading, [[320, 122], [368, 122]]),
    arrow(reading, [[520, 122], [573, 122]]),
    arrow(reading, [[730, 122], [798, 122]], 'reading', 753, 114),
    arrow(grey, [[445, 160], [445, 191]], 'what waits', 456, 180),
    arrow(grey, [[245, 285], [245, 255]], 'record first', 256, 274),
    arrow(command, [[800, 312], [732, 312]], 'command', 736, 304),
    arrow(command, [[575, 312], [522, 312]]),
    arrow(command, [[370, 312], [322, 312]]),
    arrow(command, [[170, 322], [122, 322]]),
    arrow(command, [[320, 338], [368, 338]]),
    arrow(command, [[520, 338], [573, 338]]),
    arrow(command, [[730, 338], [798, 338]], 'answer', 753, 356),
    write(150, 25, 'A reading’s way', `font-weight="bold" fill="${reading}"`),
    write(290, 25, 'A command’s way', `font-weight="bold" fill="${command}"`),
  ]);
}

// A segment is a row of records: n is a message, "ack n" an acknowledgement, "1/2" the piece of a record.
function segment(x, y, name, records) {
  let at = x + 78;
  const cells = records.map(record => {
    const isAcknowledgement = record.startsWith('ack');
    const isPiece = record.startsWith('~');
    const width = isAcknowledgement ? 84 : isPiece ? 26 : 46;
    const isDone = record.endsWith('✓');
    const fill = isPiece ? '#ffebe9' : isAcknowledgement ? '#ddf4ff' : isDone ? '#eaeef2' : '#dafbe1';
    const stroke = isPiece ? '#cf222e' : grey;
    const cell = `<rect x="${at}" y="${y}" width="${width}" height="34" fill="${fill}" stroke="${stroke}"`
      + `${isPiece ? ' stroke-dasharray="3 2"' : ''}/>` + write(at + width / 2, y + 22, record.replace(/^~|✓$/g, ''), middle);
    at += width;
    return cell;
  });
  return `<rect x="${x + 78}" y="${y}" width="330" height="34" fill="#ffffff" stroke="${grey}"/>`
    + write(x, y + 22, name, `font-family="monospace" ${small}`) + cells.join('');
}

function drawPowerCut() {
  const step = (y, title, rows, notes) => [
    write(10, y, title, 'font-weight="bold"'),
    ...rows.map(([name, records], i) => segment(10, y + 12 + 42 * i, name, records)),
    ...notes.map((note, i) => write(440, y + 30 + 18 * i, note, `${small} fill="${grey}"`)),
  ];
  picture('power-cut.svg', 880, 540, 'The log before a power cut, after it and after the restart', [
    ...step(24, '1  Before the cut', [['outbox.0', ['38✓', '39✓', 'ack 38–39', '40✓', '41']], ['outbox.1', ['ack 40', '42', '43']]],
      ['38 to 40 are acknowledged: grey.', '41 to 43 wait. The broker has acknowledged 41,', 'which is not noted yet.', '44 is being written, 45 is in memory only.']),
    ...step(160, '2  After the cut', [['outbox.0', ['38✓', '39✓', 'ack 38–39', '40✓', '41']], ['outbox.1', ['ack 40', '42', '43', '~44']]],
      ['45 is lost: it was younger than a second.', 'Of 44 there is a piece, whose checksum does not fit.', 'Nothing that was written before has changed.']),
    ...step(296, '3  After the restart', [['outbox.0', ['38✓', '39✓', 'ack 38–39', '40✓', '41✓']], ['outbox.1', ['ack 40', '42✓', '43✓', '~44']], ['outbox.2', ['ack 41–43', '44']]],
      ['The piece is skipped and counted as torn. Nothing is added behind it.', '41, 42 and 43 are sent; the broker gets 41 twice, as QoS 1 allows.',
        'Their acknowledgement is noted with the next write.', 'Now all in outbox.0 is acknowledged: the file is deleted,',
        'and then outbox.1.']),
    `<rect x="10" y="470" width="14" height="14" fill="#dafbe1" stroke="${grey}"/>` + write(30, 482, 'waits', small),
    `<rect x="90" y="470" width="14" height="14" fill="#eaeef2" stroke="${grey}"/>` + write(110, 482, 'acknowledged', small),
    `<rect x="215" y="470" width="14" height="14" fill="#ddf4ff" stroke="${grey}"/>` + write(235, 482, 'acknowledgement of messages', small),
    `<rect x="445" y="470" width="14" height="14" fill="#ffebe9" stroke="#cf222e"/>` + write(465, 482, 'piece of a record', small),
    write(10, 517, 'Each file is one flash block of 4,096 bytes, 12 of them take turns. Numbers are the sequence numbers of messages.', `${small} fill="${grey}"`),
  ]);
}

drawParts();
drawPowerCut();
