using Microsoft.Extensions.Configuration;
using SseFunctions.Api;
using SseFunctions.Configuration;

namespace SseFunctions.Tests.Api;

public sealed class HostJsonTests : IDisposable
{
    private readonly string file = Path.GetTempFileName();

    [Fact]
    public void Read_takes_the_file_and_what_overrides_it()
    {
        var host = Read("""{ "functionTimeout": "00:07:00", "extensions": { "http": { "routePrefix": "/v1/events" } } }""");

        Assert.Equal(new HostJson("v1/events", TimeSpan.FromMinutes(7)), host);
        Assert.Equal(TimeSpan.FromMinutes(9), Read("""{ "functionTimeout": "00:07:00" }""", ("AzureFunctionsJobHost:functionTimeout", "00:09:00")).FunctionTimeout);
    }

    [Theory]
    [InlineData("{\n  \"version\": \"2.0\"\n  \"functionTimeout\": \"00:05:00\"\n}", "host.json is not JSON: line 3, byte 3.")]
    [InlineData("", "host.json is not JSON: line 1, byte 1.")]
    [InlineData("[]", "host.json cannot be read: ")]
    [InlineData("""{ "extensions": { "http": { "routePrefix": "{tenant}" } } }""", "AzureFunctionsJobHost__extensions__http__routePrefix is '{tenant}'; allowed is letters")]
    [InlineData("""{ "functionTimeout": "24:00:00" }""", "AzureFunctionsJobHost__functionTimeout is '24:00:00'; allowed is a duration of 00:00:10 or more, written [d.]hh:mm:ss[.fff], a day as 1.00:00:00, or -1;")]
    public void Read_says_what_is_wrong_with_the_file(string json, string fault)
    {
        var ex = Assert.Throws<SettingsException>(() => Read(json));

        Assert.StartsWith(fault, Assert.Single(ex.Faults), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', ex.Faults[0]);
    }

    public void Dispose() => File.Delete(file);

    private HostJson Read(string json, params (string Key, string Value)[] settings)
    {
        File.WriteAllText(file, json);
        var reader = new SettingsReader(new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .Build());
        var host = HostJson.Read(reader, file);
        reader.ThrowIfFaulty();
        return host;
    }
}
