using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using SseFunctions.Tests.Access;
using SseFunctions.Tests.Infrastructure;
using SseFunctions.TestSupport;

namespace SseFunctions.Tests.Api;

/// <summary>GET openapi.json describes the routes, parameters and answers that there are, and no others.</summary>
public sealed partial class OpenApiTests(AccessHost shared) : IClassFixture<AccessHost>
{
    private static readonly string Text = Repository.Read("src", "SseFunctions.Core", "Pages", "openapi.json");
    private static readonly JsonElement Document = JsonSerializer.Deserialize<JsonElement>(Text);

    private readonly TestHost host = shared.Host;

    public static TheoryData<string, string> Constrained
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var operation in Operations())
            {
                foreach (var parameter in operation.Parameters.Where(parameter => In(parameter) == "query" && Violation(parameter) is not null))
                    data.Add(operation.Name, Name(parameter));
            }

            return data;
        }
    }

    public static TheoryData<string> Reads => [.. Operations().Where(operation => operation.Method == "GET").Select(operation => operation.Name)];

    [Fact]
    public void Document_is_read_without_a_complaint_by_the_library_of_others()
    {
        var read = OpenApiDocument.Parse(Text, OpenApiConstants.Json);

        Assert.Empty(read.Diagnostic!.Errors.Concat(read.Diagnostic.Warnings));
        Assert.Equal(Operations().Count(), read.Document!.Paths.Sum(path => path.Value.Operations!.Count));
    }

    [Fact]
    public void Every_reference_leads_somewhere() => Assert.All(Reference().Matches(Text), match => Resolve(match.Groups["path"].Value));

    /// <summary>A route that takes GET takes HEAD, which the document says once.</summary>
    [Fact]
    public void Document_has_every_route_with_its_methods_and_no_other()
    {
        var routes = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.TrimStart('/').StartsWith("api/", StringComparison.Ordinal))
            .SelectMany(route => route.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method => (Method: method, Path: "/" + route.RoutePattern.RawText!.TrimStart('/')["api/".Length..])))
            .ToList();

        Assert.Equal(routes.Where(route => route.Method == "GET").Select(route => route.Path).Order(), routes.Where(route => route.Method == "HEAD").Select(route => route.Path).Order());
        Assert.Equal(routes.Where(route => route.Method != "HEAD").Select(route => $"{route.Method} {route.Path}").Order(), Operations().Select(operation => operation.Name).Order());
    }

    /// <summary>Those of the source: who adds a parameter adds it to the document.</summary>
    [Fact]
    public void Document_has_every_query_parameter_that_is_read_and_no_other()
    {
        var read = Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "SseFunctions.Core", "Api"), "*.cs")
            .SelectMany(file => ReadParameter().Matches(File.ReadAllText(file)).Select(match => match.Groups.Values.Skip(1).First(group => group.Success).Value));

        Assert.Equal(read.Distinct().Order(), Operations().SelectMany(operation => operation.Parameters).Where(parameter => In(parameter) == "query").Select(Name).Distinct().Order());
    }

    /// <summary>What a schema excludes, the endpoint refuses, and names the parameter.</summary>
    [Theory]
    [MemberData(nameof(Constrained))]
    public async Task Endpoint_refuses_what_the_document_excludes(string operation, string parameter)
    {
        var described = Operations().Single(candidate => candidate.Name == operation);
        var bad = Violation(described.Parameters.Single(candidate => Name(candidate) == parameter && In(candidate) == "query"))!;
        var path = described.Path.Replace("{topic}", "open.a", StringComparison.Ordinal) + "?" + string.Join('&', bad.Select(value => $"{parameter}={Uri.EscapeDataString(value)}"));
        using var request = Request(described, path + (described.Path == "/events" && parameter != "topic" ? "&topic=open.a" : ""));

        if (described.Operation.GetProperty("operationId").GetString() == "publishByToken")
            request.Headers.Authorization = new("Bearer", await TokenAsync());

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(parameter, problem.GetProperty("field").GetString());
        AssertMatches(Schema("Problem"), problem);
    }

    /// <summary>With the examples of all parameters.</summary>
    [Theory]
    [MemberData(nameof(Reads))]
    public async Task Endpoint_answers_what_the_document_describes(string operation)
    {
        await host.PublishAsync("open.a", "1");
        var described = Operations().Single(candidate => candidate.Name == operation);
        var query = described.Parameters.Where(parameter => In(parameter) == "query" && Name(parameter) is not ("after" or "before" or "lastEventId" or "prefix"))
            .SelectMany(parameter => Examples(parameter).Select(example => $"{Name(parameter)}={(Name(parameter) == "topic" ? "open.a" : Uri.EscapeDataString(example))}"));
        using var request = Request(described, described.Path.Replace("{topic}", "open.a", StringComparison.Ordinal) + "?" + string.Join('&', query));

        using var answer = await host.Client.SendAsync(request).WaitAsync(SseStream.Timeout);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var content = Assert.Single(described.Operation.GetProperty("responses").GetProperty("200").GetProperty("content").EnumerateObject());
        Assert.Equal(content.Name, answer.Content.Headers.ContentType?.MediaType);
        if (content.Name == "application/json" && described.Path != "/openapi.json")
            AssertMatches(content.Value.GetProperty("schema"), await answer.Content.ReadFromJsonAsync<JsonElement>());
    }

    [Fact]
    public async Task Document_is_served_as_it_is_in_the_repository() =>
        Assert.Equal(Text.ReplaceLineEndings("\n"), await host.Client.GetStringAsync("openapi.json"));

    private async Task<string> TokenAsync()
    {
        using var minted = await host.Client.PostAsJsonAsync("tokens", new { publish = (string[])["open.*"] });
        return (await minted.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    private static IEnumerable<(string Name, string Method, string Path, JsonElement Operation, List<JsonElement> Parameters)> Operations() =>
        from path in Document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        where operation.Name != "parameters"
        let method = operation.Name.ToUpperInvariant()
        select ($"{method} {path.Name}", method, path.Name, operation.Value, (List<JsonElement>)[.. Parameters(path.Value), .. Parameters(operation.Value)]);

    private static IEnumerable<JsonElement> Parameters(JsonElement of) =>
        of.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Select(Resolved) : [];

    private static HttpRequestMessage Request((string Name, string Method, string Path, JsonElement Operation, List<JsonElement> Parameters) operation, string path) =>
        new(new HttpMethod(operation.Method), path.TrimStart('/')) { Content = operation.Method == "POST" ? new StringContent("x", Encoding.UTF8, "text/plain") : null };

    /// <summary>Values that the parameter's schema excludes; null where it excludes none.</summary>
    private static string[]? Violation(JsonElement parameter)
    {
        var schema = Resolved(parameter.GetProperty("schema"));
        return schema.TryGetProperty("maxItems", out var maxItems) ? [.. Enumerable.Range(0, maxItems.GetInt32() + 1).Select(i => $"x{i}")]
            : schema.TryGetProperty("maximum", out var maximum) ? [$"{maximum.GetInt64() + 1}"]
            : schema.TryGetProperty("maxLength", out var maxLength) ? [new string('x', maxLength.GetInt32() + 1)]
            : schema.TryGetProperty("enum", out _) || schema.TryGetProperty("pattern", out _) || schema.GetProperty("type").GetString() == "boolean" ? ["~"]
            : null;
    }

    private static IEnumerable<string> Examples(JsonElement parameter)
    {
        var example = parameter.GetProperty("example");
        return example.ValueKind == JsonValueKind.Array ? example.EnumerateArray().Select(value => value.ToString()) : [example.ToString().ToLowerInvariant()];
    }

    /// <summary>An object has what its schema requires, and nothing that it does not name.</summary>
    private static void AssertMatches(JsonElement schema, JsonElement value)
    {
        schema = Resolved(schema);
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            Assert.All(value.EnumerateArray(), item => AssertMatches(items, item));

        if (value.ValueKind != JsonValueKind.Object || !schema.TryGetProperty("properties", out var properties))
            return;

        Assert.Empty(schema.GetProperty("required").EnumerateArray().Select(name => name.GetString()!).Except(value.EnumerateObject().Select(member => member.Name)));
        foreach (var member in value.EnumerateObject())
        {
            Assert.True(properties.TryGetProperty(member.Name, out var described), $"The document does not describe {member.Name}.");
            AssertMatches(described, member.Value);
        }
    }

    private static string Name(JsonElement parameter) => parameter.GetProperty("name").GetString()!;

    private static string In(JsonElement parameter) => parameter.GetProperty("in").GetString()!;

    private static JsonElement Schema(string name) => Resolve($"components/schemas/{name}");

    private static JsonElement Resolved(JsonElement element) =>
        element.TryGetProperty("$ref", out var reference) ? Resolved(Resolve(reference.GetString()!["#/".Length..])) : element;

    private static JsonElement Resolve(string path) => path.Split('/').Aggregate(Document, (element, name) => element.GetProperty(name));

    [GeneratedRegex("\"[$]ref\": \"#/(?<path>[^\"]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("""(?:FromQuery|ReadName)\([\w.]+, "(\w+)"|Query\["(\w+)"\]|const string Parameter = "(\w+)";""")]
    private static partial Regex ReadParameter();
}
