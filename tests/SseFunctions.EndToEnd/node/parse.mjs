// Parses the event stream on standard input and writes each event as a line of JSON: [id, event, data].
// The argument is the sizes in bytes of the chunks to feed it with, such as 1,5,1000; without it they are as they come.
import { createParser } from 'eventsource-parser';
import { inChunks } from './chunks.mjs';

const parser = createParser({
  onEvent: ({ id, event, data }) => process.stdout.write(JSON.stringify([id ?? '', event ?? 'message', data]) + '\n'),
  onError: error => { throw error; },
});
const decoder = new TextDecoder('utf-8', { fatal: true });
const sizes = process.argv[2]?.split(',').map(Number);
for await (const chunk of sizes ? inChunks(process.stdin, sizes) : process.stdin)
  parser.feed(decoder.decode(chunk, { stream: true }));
