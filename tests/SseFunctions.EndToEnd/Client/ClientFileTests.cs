using System.Net;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>client.js as a file: how it is served, how large it is, and that its types are what it says.</summary>
public sealed class ClientFileTests(Target target) : IClassFixture<Target>
{
    /// <summary>The package's, in the repository, next to the tests' own folder of scripts.</summary>
    internal static readonly string Folder = Path.GetFullPath(Path.Combine(NodeFolder.FullName, "../../../src/SseFunctions.Client"));

    private const int LargestMinified = 5 * 1024;

    private static readonly string[] TypeScript =
        ["node_modules/typescript/bin/tsc", "--strict", "--target", "es2022", "--module", "es2022", "--lib", "es2023,dom,dom.iterable"];

    private const string Usage = """
        import { openEvents } from './client.js';
        // @ts-expect-error
        import type { Frame } from './client.js';
        const events = openEvents(new URL('https://host/api/events/a'), { token: async () => 't', storage: sessionStorage, share: 'user-17' });
        events.onmessage = event => { const data: string = event.data; };
        events.onerror = event => { const status: number | undefined = event.status; };
        events.addEventListener('sse.reset', event => { const lost: number | null = event.detail.lost; });
        events.addEventListener('order', event => { const id: string = event.lastEventId; }, { once: true });
        events.close();
        // @ts-expect-error
        const none: number = events.lastEventId;
        // @ts-expect-error
        events.addEventListener('order', event => event.detail);
        // @ts-expect-error
        openEvents('/', { storage: true });
        """;

    [Fact]
    public async Task Client_is_served_as_a_module_and_asked_for_again_only_when_it_has_changed()
    {
        using var answer = await target.Client.GetAsync("client.js").WaitAsync(SseStream.Timeout);
        using var repeat = new HttpRequestMessage(HttpMethod.Get, "client.js");
        repeat.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await target.Client.SendAsync(repeat).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/javascript; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.True(answer.Headers.CacheControl?.NoCache);
        Assert.Equal(Source("client.js"), await answer.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Equal(answer.Headers.ETag, unchanged.Headers.ETag);
    }

    [Theory]
    [InlineData("client.js", null)]
    [InlineData("demo", "default-src 'none'; script-src 'sha256-")]
    public async Task Pages_are_of_no_other_type_and_sent_again_only_when_they_have_changed(string path, string? policy)
    {
        using var answer = await target.Client.GetAsync(path).WaitAsync(SseStream.Timeout);
        using var repeat = new HttpRequestMessage(HttpMethod.Get, path);
        repeat.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await target.Client.SendAsync(repeat).WaitAsync(SseStream.Timeout);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotModified), (answer.StatusCode, unchanged.StatusCode));
        foreach (var each in new[] { answer, unchanged })
        {
            Assert.True(each.Headers.CacheControl?.NoCache);
            Assert.Equal("nosniff", Assert.Single(each.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal(policy is not null, each.Headers.TryGetValues("Content-Security-Policy", out var policies));
            Assert.StartsWith(policy ?? "", policies?.Single() ?? "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Client_is_smaller_than_5_KB_when_it_is_minified()
    {
        var minified = await NodeFolder.RunAsync(
            Encoding.UTF8.GetBytes(Source("client.js")), "node_modules/terser/bin/terser", "--module", "--compress", "passes=3,ecma=2020", "--mangle");

        Assert.InRange(Encoding.UTF8.GetByteCount(minified.TrimEnd()), 1, LargestMinified);
    }

    [SkippableFact]
    public async Task Client_passes_the_strict_type_check_and_its_declarations_are_those_of_its_comments()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.PackagesOnlyInFull);
        var folder = Directory.CreateTempSubdirectory("client-types-");
        await NodeFolder.RunAsync(default, [.. TypeScript, "--allowJs", "--checkJs", "--declaration", "--emitDeclarationOnly", "--outDir", folder.FullName, SourcePath("client.js")]);

        Assert.Equal(Source("client.d.ts"), await File.ReadAllTextAsync(Path.Combine(folder.FullName, "client.d.ts")));
        folder.Delete(recursive: true);
    }

    [SkippableFact]
    public async Task Declarations_accept_what_is_right_and_refuse_what_is_wrong()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.PackagesOnlyInFull);
        var folder = Directory.CreateTempSubdirectory("client-usage-");
        File.Copy(SourcePath("client.d.ts"), Path.Combine(folder.FullName, "client.d.ts"));
        var script = Path.Combine(folder.FullName, "usage.ts");
        await File.WriteAllTextAsync(script, Usage);

        // It fails as well where there is no error although one is expected.
        await NodeFolder.RunAsync(default, [.. TypeScript, "--moduleResolution", "bundler", "--noEmit", script]);

        folder.Delete(recursive: true);
    }

    internal static string Source(string name) => File.ReadAllText(SourcePath(name));

    private static string SourcePath(string name) => Path.Combine(Folder, name);
}
