using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace SseFunctions.Benchmarks.Clients;

/// <summary>One client's side of a connection: takes the response apart and checks every event.</summary>
internal sealed class ClientStream(ClientReport report)
{
    private enum Phase
    {
        Headers,
        ChunkSize,
        Chunk,
        ChunkEnd,
        Raw,
    }

    private static readonly byte[] HeadersEnd = "\r\n\r\n"u8.ToArray();

    private readonly long start = Stopwatch.GetTimestamp();
    private Phase phase;
    private int chunkLeft;
    private byte[] rest = [];
    private byte[] frameRest = [];

    /// <summary>Whether the response has begun with status 200, and a body byte has come.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The number of the newest event.</summary>
    public long Newest { get; private set; } = -1;

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
                if (!headers.Contains(" 200 ", StringComparison.Ordinal))
                    throw new InvalidDataException($"The answer was {headers}");

                phase = headers.Contains("chunked", StringComparison.OrdinalIgnoreCase) ? Phase.ChunkSize : Phase.Raw;
                return headersEnd + HeadersEnd.Length;

            case Phase.ChunkSize:
                var lineEnd = bytes.IndexOf("\r\n"u8);
                if (lineEnd < 0)
                    return 0;

                chunkLeft = int.Parse(bytes[..lineEnd], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                phase = chunkLeft == 0 ? Phase.ChunkEnd : Phase.Chunk;
                report.Writes++;
                return lineEnd + 2;

            case Phase.Chunk:
                var length = Math.Min(chunkLeft, bytes.Length);
                ReadFrames(bytes[..length]);
                chunkLeft -= length;
                phase = chunkLeft == 0 ? Phase.ChunkEnd : Phase.Chunk;
                return length;

            case Phase.ChunkEnd:
                if (bytes.Length < 2)
                    return 0;

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

        while (bytes.IndexOf("\n\n"u8) is >= 0 and var end)
        {
            ReadFrame(bytes[..end]);
            bytes = bytes[(end + 2)..];
        }

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
}
