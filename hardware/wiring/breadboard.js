'use strict';
// Draws breadboard.svg of an ESP32-DevKitC: the wires of wiring.json between the board and the sensor, and where the
// pins are by pins.csv. The argument is the board's folder.
const fs = require('fs');
const read = file => fs.readFileSync(`${process.argv[2]}/${file}`, 'utf8');
const { nets } = JSON.parse(read('wiring.json'));
const pins = read('pins.csv').trim().split('\n').slice(1).map(row => row.split(','));

// Pins of the ESP32-DevKitC V4 that are no GPIO: its guide, header block.
const headers = { '3V3': 'J2-1', EN: 'J2-2', '5V': 'J2-19', GND: 'J3-1' };
const labels = { 'J2-1': '3V3', 'J2-2': 'EN', 'J2-14': 'GND', 'J2-19': '5V', 'J3-1': 'GND', 'J3-7': 'GND' };
for (const [, label, header] of pins) {
  if (header) {
    headers[label] = header;
    labels[header] = label;
  }
}

// The sensor's pins in the order of Adafruit's board, and what it calls them.
const sensorPins = ['VIN', '3Vo', 'GND', 'SCK', 'SDO', 'SDI', 'CS'];
const printed = { SCL: 'SCK', SDA: 'SDI' };
const colours = { VIN: '#d1242f', GND: '#1f2328', SDA: '#0b62c4', SCL: '#bf8700' };

const pitch = 22;
const out = [];
const text = (x, y, words, style = '') => out.push(`<text x="${x}" y="${y}" ${style}>${words}</text>`);
const rect = (x, y, width, height, fill, more = '') =>
  out.push(`<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${fill}" ${more}/>`);
const circle = (x, y, r, fill) => out.push(`<circle cx="${x}" cy="${y}" r="${r}" fill="${fill}"/>`);

// The board, its antenna above and its USB socket below.
const board = { left: 90, right: 310, top: 60 };
rect(75, 20, 250, 500, '#24292f', 'rx="8"');
rect(135, 8, 130, 120, '#8c959f', 'rx="3"');
text(200, 75, 'ESP32', 'text-anchor="middle" fill="#ffffff" font-weight="bold"');
rect(175, 490, 50, 42, '#afb8c1', 'rx="3"');
text(200, 515, 'USB', 'text-anchor="middle" font-size="11"');
const places = {};
for (const [header, label] of Object.entries(labels)) {
  const [block, number] = header.split('-');
  const isLeft = block === 'J2';
  const x = isLeft ? board.left : board.right;
  const y = board.top + pitch * (Number(number) - 1);
  places[header] = [x, y];
  circle(x, y, 5, '#f2cc60');
  text(isLeft ? x + 12 : x - 12, y + 4, label, `font-size="11" fill="#ffffff" text-anchor="${isLeft ? 'start' : 'end'}"`);
}

// The breadboard: columns of five holes that are connected, a groove, columns of five.
const hole = { left: 470, top: 130 };
const columns = 16;
rect(450, 60, 390, 400, '#f6f8fa', 'rx="8" stroke="#8c959f"');
rect(450, 251, 390, 18, '#d0d7de');
for (let column = 0; column < columns; column++) {
  for (let row = 0; row < 10; row++) {
    circle(hole.left + pitch * column + 10, hole.top + pitch * row + (row > 4 ? 42 : 0), 3.5, '#57606a');
  }
}

// The sensor in the upper half, above its row of pins.
const first = 4;
const place = pin => [hole.left + pitch * (first + sensorPins.indexOf(pin)) + 10, hole.top];
rect(place('VIN')[0] - 18, 28, pitch * 6 + 36, 112, '#0969da', 'rx="6"');
rect(place('VIN')[0] + 54, 50, 24, 24, '#d0d7de');
text(place('VIN')[0] + 66, 44, 'BME280', 'text-anchor="middle" font-size="11" fill="#ffffff"');
for (const pin of sensorPins) {
  const [x, y] = place(pin);
  circle(x, y, 4.5, '#f2cc60');
  out.push(`<text transform="translate(${x + 4},${y - 10}) rotate(-90)" font-size="11" fill="#ffffff">${pin}</text>`);
}

// A wire ends in the column of the sensor's pin; the one from the left row goes around the board.
const wires = Object.entries(nets).flatMap(([net, ends]) => {
  const sensor = ends.find(end => end.startsWith('U2.'));
  const chip = ends.find(end => end.startsWith('U1.'));
  return sensor && chip ? [{ net, sensor: sensor.slice(3), chip: chip.slice(3) }] : [];
});
// The higher a pin is in the right row, the nearer its wire turns to the breadboard and the higher it goes on: no two
// wires cross.
const turns = { VIN: 436, GND: 418, SCL: 400, SDA: 382 };
const levels = { GND: 1, SCL: 2, SDA: 3, VIN: 4 };
for (const { sensor, chip } of wires) {
  const [x1, y1] = places[headers[chip]];
  const [column, top] = place(printed[sensor] ?? sensor);
  const y2 = top + pitch * levels[sensor];
  const path = sensor === 'VIN'
    ? `M${x1},${y1} H45 V548 H${turns.VIN} V${y2} H${column}`
    : `M${x1},${y1} H${turns[sensor]} V${y2} H${column}`;
  out.push(`<path d="${path}" fill="none" stroke="#ffffff" stroke-width="7"/>`);
  out.push(`<path d="${path}" fill="none" stroke="${colours[sensor]}" stroke-width="4" stroke-linejoin="round" class="wire"/>`);
  circle(x1, y1, 6.5, '#ffffff');
  circle(x1, y1, 5, colours[sensor]);
  circle(column, y2, 5, colours[sensor]);
}

wires.forEach(({ sensor, chip }, i) => {
  const y = 492 + 20 * i;
  rect(460, y - 9, 26, 6, colours[sensor]);
  const name = printed[sensor] ? `${sensor} (${printed[sensor]})` : sensor;
  text(496, y, `${chip} of the board to ${name} of the sensor`, 'font-size="13"');
});

process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 870 570" width="870" height="570" `
  + `font-family="Helvetica, Arial, sans-serif" font-size="14" fill="#1f2328">\n`
  + `<title>The sensor's four wires</title>\n<rect width="870" height="570" fill="#ffffff"/>\n${out.join('\n')}\n</svg>\n`);
