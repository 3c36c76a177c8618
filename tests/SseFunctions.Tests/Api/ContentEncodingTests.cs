using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using SseFunctions.Tests.Access;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>Compressed bodies are read as what they hold; what they hold is what the limits are for.</summary>
public class ContentEncodingTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private readonly TestHost host = shared.Host;
    private readonly string topic = $"open.{Guid.NewGuid():N}";

    [Theory]
    [InlineData("gzip")]
    [InlineData("GZip")]
    [InlineData("x-gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("identity")]
    [InlineData("")]
    public async Task Body_is_published_decoded(string coding)
    {
        using var answer = await PostAsync($"events/{topic}", Encode(coding, "Grüße"u8.ToArray()), coding);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Assert.Equal("Grüße", await ReadAsync());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Body_is_published_when_it_decodes_to_the_limit_and_refused_when_it_decodes_to_more(string coding)
    {
        var random = new Random(1);
        var most = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 64 * 1024).Select(_ => (char)random.Next(' ', '~'))));

        using var fits = await PostAsync($"events/{topic}", Encode(coding, most), coding);
        using var tooLarge = await PostAsync($"events/{topic}", Encode(coding, [.. most, 0x20]), coding);

        Assert.Equal(HttpStatusCode.Created, fits.StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        var problem = await tooLarge.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(("data", 65536, 65537), (problem.GetProperty("field").GetString(), problem.GetProperty("limit").GetInt32(), problem.GetProperty("size").GetInt32()));
    }

    /// <summary>
    /// 64 MiB in some KB: no more of it is decoded than tells that it is too much. What other tests allocate meanwhile counts too, so it
    /// is tried until they leave it a moment.
    /// </summary>
    [Theory]
    [InlineData("gzip", "text/plain")]
    [InlineData("br", "application/x-ndjson")]
    [InlineData("deflate", "application/json")]
    public async Task Bomb_is_refused_before_it_takes_memory(string coding, string contentType)
    {
        var bomb = Encode(coding, new byte[64 * 1024 * 1024]);
        var allocated = long.MaxValue;
        for (var attempt = 0; attempt < 20 && allocated > 40 * 1024 * 1024; attempt++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);

            using var answer = await PostAsync($"events/{topic}", bomb[..Math.Min(bomb.Length, 60 * 1024)], coding, contentType);

            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
            allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        Assert.InRange(allocated, 0, 40 * 1024 * 1024);
    }

    /// <summary>A stream of empty blocks decodes to nothing for ever.</summary>
    [Fact]
    public async Task Body_that_is_long_and_decodes_to_nothing_is_refused()
    {
        byte[] nothing = [0x78, 0x9C, .. Enumerable.Repeat((byte[])[0x00, 0x00, 0x00, 0xFF, 0xFF], 100_000).SelectMany(block => block)];

        using var answer = await PostAsync($"events/{topic}", nothing, "deflate");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task Body_that_is_cut_off_or_something_else_is_refused(string coding)
    {
        var whole = Encode(coding, Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 5000))));

        using var cut = await PostAsync($"events/{topic}", whole[..(whole.Length / 2)], coding);
        using var other = await PostAsync($"events/{topic}", "plain text that is not compressed"u8.ToArray(), coding);

        foreach (var answer in (HttpResponseMessage[])[cut, other])
        {
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
            Assert.Equal("body", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("gzip, br")]
    [InlineData("compress")]
    public async Task Coding_that_is_not_known_is_answered_415_with_those_that_are(string coding)
    {
        foreach (var path in (string[])[$"events/{topic}", "tokens"])
        {
            using var answer = await PostAsync(path, [1, 2, 3], coding, "application/json");

            Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
            Assert.Contains("The request has ", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            Assert.Equal("Content-Encoding", (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("field").GetString());
            Assert.Equal("gzip, br, deflate", answer.Headers.NonValidated["Accept-Encoding"].ToString());
        }
    }

    [Fact]
    public async Task Request_for_a_token_may_be_compressed_too()
    {
        using var answer = await PostAsync("tokens", Encode("gzip", """{"topics":["a"]}"""u8.ToArray()), "gzip", "application/json");

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static byte[] Encode(string coding, byte[] body)
    {
        using var encoded = new MemoryStream();
        using (Stream? encoder = coding.ToLowerInvariant() switch
        {
            "gzip" or "x-gzip" => new GZipStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
            "deflate" => new ZLibStream(encoded, CompressionLevel.Fastest, leaveOpen: true),
            _ => null,
        })
        {
            (encoder ?? encoded).Write(body);
        }

        return encoded.ToArray();
    }

    private async Task<HttpResponseMessage> PostAsync(string path, byte[] body, string coding, string contentType = "text/plain")
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        content.Headers.TryAddWithoutValidation("Content-Encoding", coding);
        return await host.Client.PostAsync(path, content).WaitAsync(SseStream.Timeout);
    }

    private async Task<string?> ReadAsync()
    {
        await using var stream = await host.OpenAsync($"events/{topic}?from=start&mode=poll");
        return (await stream.ReadEventAsync())?.Data;
    }
}
