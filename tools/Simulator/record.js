// Runs a program in a pseudo-terminal, presses keys, and writes what it shows as an asciicast: record.js PROGRAM CAST
'use strict';
const { spawn } = require('node:child_process');
const { writeFileSync } = require('node:fs');

const [program, cast] = process.argv.slice(2);
const columns = 100;
const rows = 30;
const keys = [[6, 't'], [9, 'b'], [14, 'b'], [20, 'p'], [25, 'q']]; // seconds after the panel came

const line = `stty cols ${columns} rows ${rows}; unset NO_COLOR; exec "${program}" --interval-ms 1000 2>/dev/null`;
const terminal = spawn('script', ['-q', '-e', '-c', line, '/dev/null'], {
  env: { ...process.env, TERM: 'xterm-256color' },
  stdio: ['pipe', 'pipe', 'inherit'],
});

const events = [];
let start = 0;
terminal.stdout.setEncoding('utf8');
terminal.stdout.on('data', text => {
  if (start === 0 && !text.includes('\x1b[?1049h')) {
    return; // the panel is to come
  }
  if (start === 0) {
    start = Date.now();
    keys.forEach(([seconds, key]) => setTimeout(() => terminal.stdin.write(key), seconds * 1000));
  }
  events.push([(Date.now() - start) / 1000, 'o', text]);
});
terminal.on('close', code => {
  // The end, where the panel gives the terminal back, is no part of the picture.
  const end = events.findIndex(([, , text]) => text.includes('\x1b[?1049l'));
  const header = { version: 2, width: columns, height: rows };
  writeFileSync(cast, [header, ...events.slice(0, end)].map(part => JSON.stringify(part)).join('\n') + '\n');
  process.exitCode = code;
});
