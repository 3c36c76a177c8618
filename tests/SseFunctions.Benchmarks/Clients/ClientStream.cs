using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>
/// One client, over all its connections: takes the responses apart, checks every event, and knows how to come back, as an
/// EventSource does.
/// </summary>
/// <param name="path">The path and query of the stream.</param>
/// <param name="lastEventId">With which it begins; null for none.</param>
internal sealed class ClientStream(string path, string? lastEventId, ClientReport report)
{
    private enum Phase
    {
        Headers,
        ChunkSize,
        Chunk,
        ChunkEnd,
        LastChunkEnd,
        Raw,
    }

    private static readonly byte[] HeadersEnd = "\r\n\r\n"u8.ToArray();

    private long start;
    private Phase phase;
    private int chunkLeft;
    private byte[] rest = [];
    private byte[] frameRest = [];
    private byte[]? lastId = lastEventId is null ? null : Encoding.ASCII.GetBytes(lastEventId);

    /// <summary>Whether the response has begun with status 200, and a body byte has come.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether the response is over; its connection may still be open.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>Whether the server has answered 204: there is no more, and the client does not come back.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The number of the newest event.</summary>
    public long Newest { get; private set; } = -1;

    /// <summary>After which time the client comes back, as the server says; three seconds before it says so, as browsers have it.</summary>
    public TimeSpan Retry { get; private set; } = TimeSpan.FromSeconds(3);

    /// <summary>Begins a connection.</summary>
    /// <returns>Its request.</returns>
    public byte[] Connect()
    {
        (start, phase, chunkLeft, rest, frameRest, IsOpen, HasEnded) = (Stopwatch.GetTimestamp(), Phase.Headers, 0, [], [], false, false);
        return Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n{(lastId is null ? "" : $"Last-Event-ID: {Encoding.ASCII.GetString(lastId)}\r\n")}\r\n");
    }

    /// <param name="bytes">What the socket gave.</param>
    public void Read(ReadOnlySpan<byte> bytes)
    {
        if (rest.Length > 0)
        {
            bytes = (byte[])[.. rest, .. bytes];
            rest = [];
        }

        while (!bytes.IsEmpty)
        {
            var taken = ReadPart(bytes);
            if (taken == 0)
            {
                rest = bytes.ToArray();
                return;
            }

            bytes = bytes[taken..];
        }
    }

    /// <returns>How many bytes were taken; 0 when more are needed.</returns>
    private int ReadPart(ReadOnlySpan<byte> bytes)
    {
        switch (phase)
        {
            case Phase.Headers:
                var headersEnd = bytes.IndexOf(HeadersEnd);
                if (headersEnd < 0)
                    return 0;

                var headers = Encoding.ASCII.GetString(bytes[..headersEnd]);
                IsOver = headers.StartsWith("HTTP/1.1 204 ", StringComparison.Ordinal);
                HasEnded = IsOver;
                if (IsOver)
                    return bytes.Length;

                if (!headers.Contains(" 200 ", StringComparison.Ordinal))
                    throw new InvalidDataException($"The answer was {headers}");

                phase = headers.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? Phase.ChunkSize : Phase.Raw;
                return headersEnd + HeadersEnd.Length;

            case Phase.ChunkSize:
                var lineEnd = bytes.IndexOf("\r\n"u8);
                if (lineEnd < 0)
                    return 0;

                chunkLeft = int.Parse(bytes[..lineEnd], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                phase = chunkLeft == 0 ? Phase.LastChunkEnd : Phase.Chunk;
                report.Writes++;
                return lineEnd + 2;

            case Phase.Chunk:
                var length = Math.Min(chunkLeft, bytes.Length);
                ReadFrames(bytes[..length]);
                chunkLeft -= length;
                phase = chunkLeft == 0 ? Phase.ChunkEnd : Phase.Chunk;
                return length;

            case Phase.ChunkEnd or Phase.LastChunkEnd:
                if (bytes.Length < 2)
                    return 0;

                HasEnded = phase == Phase.LastChunkEnd;
                phase = Phase.ChunkSize;
                return 2;

            default:
                ReadFrames(bytes);
                return bytes.Length;
        }
    }

    private void ReadFrames(ReadOnlySpan<byte> bytes)
    {
        if (!IsOpen)
        {
            IsOpen = true;
            report.Opened(Stopwatch.GetTimestamp() - start);
        }

        if (frameRest.Length > 0)
        {
            bytes = (byte[])[.. frameRest, .. bytes];
            frameRest = [];
        }

        var all = bytes;
        while (bytes.IndexOf("\n\n"u8) is >= 0 and var end)
        {
            ReadFrame(bytes[..end]);
            bytes = bytes[(end + 2)..];
        }

        // An id counts at its event's end, a reconnection time at its line's.
        if (TryReadLast(all[..^bytes.Length], "id: "u8, out var id))
            lastId = id.ToArray();

        if (TryReadLast(all, "retry: "u8, out var retry))
            Retry = TimeSpan.FromMilliseconds(int.Parse(retry, CultureInfo.InvariantCulture));

        if (!bytes.IsEmpty)
            frameRest = bytes.ToArray();
    }

    private void ReadFrame(ReadOnlySpan<byte> frame)
    {
        var data = frame.IndexOf("data: "u8);
        if (data < 0)
            return;

        if (!BenchmarkEvent.TryRead(frame[(data + 6)..], out var number, out var time))
            return; // what a server says by itself

        if (Newest >= 0 && number > Newest + 1)
            report.Lost += number - Newest - 1;
        else if (number <= Newest)
            report.Repeated++;

        Newest = number;
        report.Event(Stopwatch.GetTimestamp() - time);
    }

    /// <summary>The last line of that field. Looked for once for all frames that come together: a load generator must cost little.</summary>
    private static bool TryReadLast(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        value = default;
        var start = lines.LastIndexOf(field);
        while (start > 0 && lines[start - 1] != (byte)'\n')
            start = lines[..start].LastIndexOf(field);

        if (start < 0 || lines[start..].IndexOf((byte)'\n') is not (>= 0 and var length))
            return false;

        value = lines.Slice(start, length)[field.Length..];
        return true;
    }
}
