// Runs Azurite's table service for as long as the program that started it lives:
// its end, however sudden, closes standard input, and Azurite then writes its files and stops.
'use strict';

require('azurite/dist/src/table/main.js');

const GIVE_UP_MS = 5000;

process.stdin.on('end', () => {
  process.emit('SIGINT');
  setTimeout(() => process.exit(1), GIVE_UP_MS).unref();
}).resume();
