using System.Net;
using Microsoft.Extensions.Configuration;
using SseFunctions.Local;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Local;

/// <summary>Pages of other origins at the local host: CORS as func has it, and no writes by others.</summary>
public class CrossOriginTests(CorsHost shared) : IClassFixture<CorsHost>
{
    private const string Page = CorsHost.Page;
    private const string Stranger = "https://stranger.example";
    private const string AllowOrigin = "Access-Control-Allow-Origin";
    private const string AllowCredentials = "Access-Control-Allow-Credentials";

    private readonly TestHost host = shared.Host;

    public static TheoryData<string, string, int> Answers => new()
    {
        { "GET", "events/a?mode=poll&from=start", 200 },
        { "GET", "events/a?from=never", 400 },
        { "GET", "events/-a", 400 },
        { "GET", "events/done", 204 },
        { "GET", "topics/a", 200 },
        { "GET", "health", 200 },
        { "GET", "nothing-here", 404 },
        { "POST", "events/a", 415 },
        { "POST", "events/done", 409 },
        { "POST", "tokens", 501 },
        { "PUT", "events/a", 405 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task Every_answer_lets_an_allowed_page_read_it(string method, string path, int status)
    {
        await host.PublishAsync("a", "1");
        using (var complete = await host.Client.PostAsync("topics/done/complete", null).WaitAsync(SseStream.Timeout))
            complete.EnsureSuccessStatusCode();

        // The head of a complete topic may not be in memory yet: the answer is then 200, and 204 next time.
        await using (var known = await host.OpenAsync("events/done?mode=poll"))
            await known.ReadToEndAsync();

        using var answer = await SendAsync(host, method, path, Page, status == 409 ? "text/plain" : "image/png");

        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal(Page, Header(answer, AllowOrigin));
        Assert.Equal("true", Header(answer, AllowCredentials));
        Assert.Contains("Origin", answer.Headers.Vary);
    }

    [Theory]
    [InlineData("POST", "events/a", "content-type,idempotency-key,x-functions-key")]
    [InlineData("GET", "events/a", "authorization,cache-control,last-event-id")]
    [InlineData("GET", "topics/a", "authorization")]
    [InlineData("POST", "tokens", "content-type,x-functions-key")]
    [InlineData("GET", "topics", "x-functions-key")]
    [InlineData("PUT", "topics/a", "content-type,x-functions-key")]
    [InlineData("DELETE", "topics/a", "x-functions-key")]
    public async Task Preflight_allows_what_clients_send(string method, string path, string headers)
    {
        using var answer = await PreflightAsync(host, method, path, Page, headers);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(Page, Header(answer, AllowOrigin));
        Assert.Equal("true", Header(answer, AllowCredentials));
        Assert.Equal(headers, Header(answer, "Access-Control-Allow-Headers"));
        if (method != "GET")
            Assert.Equal(method, Header(answer, "Access-Control-Allow-Methods"));
    }

    [Theory]
    [InlineData(Stranger)]
    [InlineData("null")]
    [InlineData("http://page.example")]
    [InlineData("https://page.example:5173")]
    [InlineData("http://page.example:5173.stranger.example")]
    [InlineData("http://127.0.0.1:1")]
    public async Task Page_that_is_not_named_reads_and_writes_nothing(string origin)
    {
        using var read = await SendAsync(host, "GET", "topics/a", origin);
        using var preflight = await PreflightAsync(host, "POST", "events/a", origin, "content-type");
        using var write = await SendAsync(host, "POST", "events/b", origin);
        using var complete = await SendAsync(host, "POST", "topics/b/complete", origin);
        using var token = await SendAsync(host, "POST", "tokens", origin);
        await host.PublishAsync("kept", "1");
        using var list = await SendAsync(host, "GET", "topics", origin);
        using var keep = await SendAsync(host, "PUT", "topics/kept", origin);
        using var delete = await SendAsync(host, "DELETE", "topics/kept", origin);

        Assert.Null(Header(read, AllowOrigin));
        Assert.Null(Header(list, AllowOrigin));
        Assert.Null(Header(preflight, AllowOrigin));
        foreach (var answer in (HttpResponseMessage[])[write, complete, token, keep, delete])
        {
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
            Assert.Null(Header(answer, AllowOrigin));
        }

        Assert.Contains("\"count\":0,\"complete\":false", await host.Client.GetStringAsync("topics/b"), StringComparison.Ordinal);
        Assert.DoesNotContain("\"count\":0", await host.Client.GetStringAsync("topics/kept"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_origins_in_one_request_are_refused()
    {
        using var request = Request("POST", "events/a", Page);
        request.Headers.Add("Origin", Stranger);

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Own_pages_and_clients_that_are_no_browsers_write_when_no_origin_is_named()
    {
        await using var own = await TestHost.StartAsync();
        var origin = own.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

        using var ofPage = await SendAsync(own, "POST", "events/a", origin);
        using var ofProgram = await SendAsync(own, "POST", "events/a", null);
        using var ofStranger = await SendAsync(own, "POST", "events/a", Stranger);

        Assert.Equal(HttpStatusCode.Created, ofPage.StatusCode);
        Assert.Equal(HttpStatusCode.Created, ofProgram.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, ofStranger.StatusCode);
    }

    [Theory]
    [InlineData(Stranger)]
    [InlineData("null")]
    public async Task Star_lets_every_page_read_and_write_without_credentials(string origin)
    {
        await using var own = await TestHost.StartAsync(["Host:CORS=*"]);

        using var write = await SendAsync(own, "POST", "events/a", origin);

        Assert.Equal(HttpStatusCode.Created, write.StatusCode);
        Assert.Equal("*", Header(write, AllowOrigin));
        Assert.Null(Header(write, AllowCredentials));
    }

    [Theory]
    [InlineData("*", "true")]
    [InlineData("*,http://a.example", "")]
    [InlineData("http://a.example/", "")]
    [InlineData("http://a.example/page", "")]
    [InlineData("a.example", "")]
    [InlineData("http://a.example", "yes")]
    public void Host_says_what_is_wrong_when_a_browser_could_not_match_it(string origins, string credentials)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new("Host:CORS", origins), new("Host:CORSCredentials", credentials)])
            .Build();

        var fault = Assert.Throws<LocalHostException>(() => CrossOrigin.Read(configuration));

        Assert.StartsWith("Host.CORS", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_file_gives_its_values_and_the_hosts_CORS()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{"Values":{"Stream__Retry":"00:00:02"},"Host":{"LocalHttpPort":7071,"CORS":"http://a.example","CORSCredentials":true}}""");
            var builder = new ConfigurationBuilder();
            LocalSettings.AddTo(builder, file);
            var configuration = builder.Build();

            Assert.Equal("00:00:02", configuration["Stream:Retry"]);
            Assert.Equal("http://a.example", configuration["Host:CORS"]);
            Assert.Equal("True", configuration["Host:CORSCredentials"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<HttpResponseMessage> SendAsync(TestHost host, string method, string path, string? origin, string contentType = "text/plain")
    {
        using var request = Request(method, path, origin);
        if (method == "POST")
            request.Content = new StringContent("x", new System.Net.Http.Headers.MediaTypeHeaderValue(contentType));

        return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }

    private static async Task<HttpResponseMessage> PreflightAsync(TestHost host, string method, string path, string origin, string headers)
    {
        using var request = Request("OPTIONS", path, origin);
        request.Headers.Add("Access-Control-Request-Method", method);
        request.Headers.Add("Access-Control-Request-Headers", headers);
        return await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);
    }

    private static HttpRequestMessage Request(string method, string path, string? origin)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (origin is not null)
            request.Headers.Add("Origin", origin);

        return request;
    }

    private static string? Header(HttpResponseMessage answer, string name) =>
        answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;
}
