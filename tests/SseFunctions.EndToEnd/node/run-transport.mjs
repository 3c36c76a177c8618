import { DefaultChatTransport } from 'ai';
import { createParser } from 'eventsource-parser';

/**
 * The transport of useChat({ transport, resume: true }): an answer is a run in a topic of its own, and a page that comes back resumes it.
 * @param {string} api where the function app is, such as '/api'
 * @param {Storage} storage remembers each chat's last run, such as sessionStorage; for other devices, keep it where you keep the chat
 */
export function runTransport(api, storage) {
  return new DefaultChatTransport({
    api: `${api}/runs`,
    prepareSendMessagesRequest: ({ id, messages }) => ({ body: { chat: id, messages: messages.map(toRunMessage) } }),
    // 204 where nothing goes on; else from the run's first event.
    prepareReconnectToStreamRequest: ({ id }) => ({ api: `${api}/events/${storage.getItem(`run of ${id}`) ?? 'run-none'}?active=true` }),
    async fetch(url, init) {
      if (init.method === 'GET')
        return follow(url, init.signal);
      const started = await fetch(url, init);
      if (!started.ok)
        return started;
      const { topic } = await started.json();
      storage.setItem(`run of ${JSON.parse(init.body).chat}`, topic);
      return follow(`${api}/events/${topic}?from=start`, init.signal);
    },
  });
}

function toRunMessage({ role, parts }) {
  return { role, text: parts.filter(part => part.type === 'text').map(part => part.text).join('') };
}

/** A topic's stream as one response, over as many as it takes: each ends after two minutes or with its network, the answer may go on. */
async function follow(url, signal) {
  const first = await fetch(url, { signal });
  if (first.status !== 200)
    return first;
  const again = url.replace('active=true', 'from=start'); // which would be 204 when the run has ended before its first event came
  const parts = new ReadableStream({
    async start(controller) {
      let [response, id, retryMs, isOver, hasGap] = [first, undefined, 1000, false, false];
      const parser = createParser({
        onRetry: ms => { retryMs = ms; },
        onEvent: event => {
          id = event.id ?? id;
          hasGap ||= event.event === 'sse.reset';
          if (hasGap || event.event?.startsWith('sse.'))
            return; // of the stream, not of the run
          controller.enqueue(new TextEncoder().encode(`data: ${event.data}\n\n`));
          isOver ||= event.data === '[DONE]' || event.event === 'error';
        },
      });
      while (true) {
        for await (const text of read(response)) {
          parser.feed(text);
          if (hasGap)
            return controller.error(new Error('A part of the answer is lost.'));
        }
        parser.reset(); // half a frame may have come
        if (isOver || signal?.aborted || response?.status === 204)
          return controller.close();
        await new Promise(resolve => setTimeout(resolve, retryMs));
        response = await fetch(again, { signal, headers: id ? { 'Last-Event-ID': id } : {} }).catch(() => undefined);
        if (response?.status === 429 || response?.status >= 500)
          response = undefined; // a proxy's, or a restart's: it passes
        else if (response && !response.ok)
          return controller.error(new Error(`The run's stream answers ${response.status}.`));
      }
    },
  });
  return new Response(parts, { headers: first.headers });
}

/** The response's text up to its end, or to where it is cut. */
async function* read(response) {
  const reader = response?.body?.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader.read())
      yield chunk.value;
  } catch {
    // The next response goes on after the last id.
  } finally {
    reader?.cancel().catch(() => {}); // when nobody reads on
  }
}
