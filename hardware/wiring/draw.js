'use strict';
// Turns wiring.json into what netlistsvg reads, the JSON of Yosys. Each pin at a supply gets a symbol of its own in place of a wire across the picture.
const fs = require('fs');
const { parts, nets } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));

const supplies = ['3V3', '5V'];
const ground = 'GND';
const lying = ['R3', 'R4'];
const feed = nets.FEED?.find(pin => pin.startsWith('U1.')).slice(3);
// The pins where a wire enters a symbol: above or on its left. It leaves from all others.
const entries = {
  board: ['3V3', '5V', 'GND', 'G', 'EN', 'RST', 'BAT+', 'BAT-', feed],
  sensor: ['SDA', 'SCL'],
  watchdog: ['VDD', 'GND', 'DELAY'],
  battery: [],
  terminals: ['NC', 'COM', 'NO'],
  resistor: ['1'], capacitor: ['1'], jumper: ['1'], led: ['A'], diode: ['K'], npn: ['C', 'B'], relay: ['A1'],
};
const boxes = ['board', 'sensor', 'watchdog', 'terminals', 'battery'];

const cells = {};
function add(name, type, value) {
  cells[name] = { type, attributes: { value }, port_directions: {}, connections: {} };
}

function connect(name, pin, isEntry, bit) {
  cells[name].port_directions[pin] = isEntry ? 'input' : 'output';
  cells[name].connections[pin] = [bit];
}

for (const [ref, { kind, value }] of Object.entries(parts)) {
  add(ref, boxes.includes(kind) ? ref : lying.includes(ref) ? kind + '_h' : kind, value);
}

let bit = 2;
for (const [net, pins] of Object.entries(nets)) {
  const shared = bit++;
  for (const pin of pins) {
    const [ref, name] = pin.split('.');
    const isPower = net === ground || supplies.includes(net);
    const wire = isPower ? bit++ : shared;
    connect(ref, name, entries[parts[ref].kind].includes(name), wire);
    if (isPower) {
      const symbol = net + ' at ' + ref + ' ' + name;
      add(symbol, net === ground ? 'ground' : 'supply', net);
      connect(symbol, 'A', net === ground, wire);
    }
  }
}

process.stdout.write(JSON.stringify({ modules: { wiring: { ports: {}, cells } } }));
