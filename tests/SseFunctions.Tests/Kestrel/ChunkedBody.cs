using System.Globalization;
using System.Text;

namespace SseFunctions.Tests.Kestrel;

/// <summary>The body of an HTTP/1.1 response in chunks (RFC 9112 section 7.1), read strictly and no faster than it is asked for.</summary>
internal sealed class ChunkedBody(Stream response) : Stream
{
    private bool isBody;
    private int chunkLeft;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (!isBody)
            isBody = (await ReadLineAsync(cancellationToken)).Length == 0;

        if (chunkLeft == 0)
            chunkLeft = int.Parse(await ReadLineAsync(cancellationToken), NumberStyles.HexNumber, CultureInfo.InvariantCulture);

        if (chunkLeft == 0)
            return 0;

        var read = await response.ReadAsync(buffer[..Math.Min(buffer.Length, chunkLeft)], cancellationToken);
        chunkLeft -= read;
        if (chunkLeft == 0 && (await ReadLineAsync(cancellationToken)).Length > 0)
            throw new InvalidDataException("A chunk has more bytes than it says.");

        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private async Task<string> ReadLineAsync(CancellationToken cancellationToken)
    {
        var line = new StringBuilder();
        var one = new byte[1];
        while (line.Length < 2 || line[^2] != '\r' || line[^1] != '\n')
        {
            await response.ReadExactlyAsync(one, cancellationToken);
            line.Append((char)one[0]);
        }

        return line.ToString(0, line.Length - 2);
    }
}
