/**
 * Tells all that happens to an EventSource, in order: its own open and error, and the events of the stream, whatever their type.
 * @param {EventSource} source
 * @param {string[]} types the events' types besides message and sse.reset
 * @param {(step: object) => void} tell
 */
export function record(source, types, tell) {
  for (const type of new Set(['open', 'error', 'message', 'sse.reset', ...types]))
    source.addEventListener(type, event => tell(event instanceof MessageEvent
      ? { step: 'event', readyState: source.readyState, id: event.lastEventId, type: event.type, data: event.data }
      : { step: event.type, readyState: source.readyState }));
}
