/**
 * The same bytes in chunks of the given sizes, over and over, whatever chunks they come in.
 * @param {AsyncIterable<Uint8Array>} source
 * @param {number[]} sizes
 */
export async function* inChunks(source, sizes) {
  let turn = 0;
  let held = Buffer.alloc(0);
  for await (const bytes of source) {
    held = Buffer.concat([held, bytes]);
    let start = 0;
    for (let size; (size = sizes[turn % sizes.length]) <= held.length - start; turn++, start += size)
      yield held.subarray(start, start + size);

    held = held.subarray(start);
  }

  if (held.length > 0)
    yield held;
}
