// The AI SDK's chat, as useChat has it, over the transport of docs/runs.md: node chat.mjs API CHAT [TOPIC]. Each line of standard input is
// what the user says, or nothing, to resume. Each change is a line of JSON on standard output: { status, text, error, topic }.
import { AbstractChat } from 'ai';
import { createInterface } from 'node:readline';
import { runTransport } from './run-transport.mjs';

const [api, id, topic] = process.argv.slice(2);
const items = new Map(topic ? [[`run of ${id}`, topic]] : []);
const storage = { getItem: key => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) };

class Chat extends AbstractChat {
  constructor() {
    const state = {
      status: 'ready',
      messages: [],
      error: undefined,
      pushMessage: message => { state.messages = [...state.messages, message]; },
      popMessage: () => { state.messages = state.messages.slice(0, -1); },
      replaceMessage: (index, message) => { state.messages = state.messages.with(index, message); },
      snapshot: structuredClone,
    };
    const tell = () => {
      const last = state.messages.at(-1);
      const text = last?.role === 'assistant' ? last.parts.filter(part => part.type === 'text').map(part => part.text).join('') : null;
      process.stdout.write(JSON.stringify({ status: state.status, text, error: state.error?.message ?? null, topic: items.get(`run of ${id}`) ?? null }) + '\n');
    };
    super({ id, transport: runTransport(api, storage), state: new Proxy(state, { set: (target, name, value) => { target[name] = value; tell(); return true; } }) });
    this.tell = tell;
    // The functions above write past the proxy.
    for (const name of ['pushMessage', 'popMessage', 'replaceMessage']) {
      const change = state[name];
      state[name] = (...values) => { change(...values); tell(); };
    }
  }
}

const chat = new Chat();
for await (const line of createInterface(process.stdin)) {
  await (line ? chat.sendMessage({ text: line }) : chat.resumeStream());
  chat.tell();
}
process.exit();
