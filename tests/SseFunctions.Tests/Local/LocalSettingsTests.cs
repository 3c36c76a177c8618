using System.Text;
using Microsoft.Extensions.Configuration;
using SseFunctions.Local;

namespace SseFunctions.Tests.Local;

/// <summary>local.settings.json as people write it, and as func reads it.</summary>
public sealed class LocalSettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sse-settings-").FullName;

    [Fact]
    public void AddTo_takes_comments_trailing_commas_and_a_byte_order_mark()
    {
        var settings = Read(
            """
            {
              // for my machine
              "IsEncrypted": false,
              "Values": { "Stream__MaxStreams": "5", /* as text */ },
            }
            """,
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));

        Assert.Equal("5", settings["Stream:MaxStreams"]);
    }

    [Fact]
    public void AddTo_takes_names_with_colons_numbers_and_flags()
    {
        var settings = Read("""{ "Values": { "Stream:MaxStreams": 5, "Access:AnonymousTopics:0": "clock", "Telemetry__Topic": true, "ClockSchedule": null } }""");

        Assert.Equal("5", settings["Stream:MaxStreams"]);
        Assert.Equal("clock", settings["Access:AnonymousTopics:0"]);
        Assert.Equal("True", settings["Telemetry:Topic"]);
        Assert.Null(settings["ClockSchedule"]);
    }

    [Fact]
    public void AddTo_takes_the_last_of_two_values_as_func_does() =>
        Assert.Equal("2", Read("""{ "Values": { "Stream__MaxStreams": "1", "Stream__MaxStreams": "2" } }""")["Stream:MaxStreams"]);

    [Fact]
    public void AddTo_takes_of_Host_what_the_local_host_knows()
    {
        var settings = Read("""{ "Host": { "LocalHttpPort": 7073, "CORS": "*", "CORSCredentials": false, "LocalHttpsPort": { } } }""");

        Assert.Equal(("7073", "*", "False"), (settings["Host:LocalHttpPort"], settings["Host:CORS"], settings["Host:CORSCredentials"]));
    }

    [Theory]
    [InlineData("{\n  \"Values\": {\n    \"a\": \"1\"\n    \"b\": \"2\"\n  }\n}", "local.settings.json is not JSON: line 4, byte 5.")]
    [InlineData("", "local.settings.json is not JSON: line 1, byte 1.")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME=dotnet-isolated", "local.settings.json is not JSON: line 1, byte 1.")]
    [InlineData("{ \"Values\": { \"Access__SigningKey\": topsecret, \"a\": \"b\" } }", "local.settings.json is not JSON: line 1, byte 38.")]
    [InlineData("[]", "local.settings.json is an array; allowed is an object.")]
    [InlineData("""{ "Values": "a=b" }""", "local.settings.json: Values is a single value; allowed is an object.")]
    [InlineData("""{ "Values": { "Stream": { "MaxStreams": 5 } } }""", "local.settings.json: Values has 'Stream', which is an object; allowed is a text.")]
    [InlineData("""{ "IsEncrypted": true, "Values": { "a": "Q2Zr" } }""", "local.settings.json is encrypted (IsEncrypted is true), and only func can read it; 'func settings decrypt'")]
    public void AddTo_says_in_one_line_what_is_wrong_with_the_file(string text, string message)
    {
        var ex = Assert.Throws<LocalHostException>(() => Read(text));

        Assert.StartsWith(message, ex.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', ex.Message);
        Assert.DoesNotContain("opsecret", ex.Message, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private IConfiguration Read(string text, Encoding? encoding = null)
    {
        var file = Path.Combine(folder, "local.settings.json");
        File.WriteAllText(file, text, encoding ?? new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
        var configuration = new ConfigurationBuilder();
        LocalSettings.AddTo(configuration, file);
        return configuration.Build();
    }
}
