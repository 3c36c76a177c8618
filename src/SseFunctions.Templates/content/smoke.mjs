// Publishes with the app's own function and reads it back from the stream:
//   node smoke.mjs http://localhost:7071/api [function key]
const [api, key] = process.argv.slice(2);
const text = `smoke ${crypto.randomUUID()}`;

const stream = await fetch(`${api}/events/news`);
if (stream.status !== 200)
  throw new Error(`The stream answered ${stream.status}: ${await stream.text()}`);

const posted = await fetch(`${api}/news`, { method: 'POST', body: text, headers: key ? { 'x-functions-key': key } : {} });
if (posted.status !== 201)
  throw new Error(`POST news answered ${posted.status}: ${await posted.text()}`);

const page = await fetch(`${api}/page`);
if (page.status !== 200)
  throw new Error(`The page answered ${page.status}`);

const { id } = await posted.json();
const expected = `id: ${id}\ndata: ${text}\n\n`;
let received = '';
for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
  received += chunk;
  if (received.includes(expected)) {
    console.log(`Published and received event ${id}.`);
    process.exit(0);
  }
}

throw new Error(`The stream ended without event ${id}: ${received}`);
