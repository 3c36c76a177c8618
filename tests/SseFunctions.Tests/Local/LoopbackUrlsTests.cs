using Microsoft.Extensions.Configuration;
using SseFunctions.Local;

namespace SseFunctions.Tests.Local;

public class LoopbackUrlsTests
{
    [Theory]
    [InlineData("http://localhost:7071")]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://[::1]:80")]
    [InlineData("http://localhost:1;http://127.0.0.2:2")]
    public void Check_accepts_loopback(string urls) => Assert.Equal(urls.Split(';'), Check(urls));

    [Theory]
    [InlineData("http://0.0.0.0:7071")]
    [InlineData("http://*:7071")]
    [InlineData("http://+:7071")]
    [InlineData("http://[::]:7071")]
    [InlineData("http://example.org:7071")]
    [InlineData("http://localhost.example.org:7071")]
    [InlineData("http://localhost:1;http://192.168.1.1:2")]
    [InlineData("7071")]
    public void Check_refuses_what_others_could_reach(string urls) => Assert.Throws<LocalHostException>(() => Check(urls));

    [Theory]
    [InlineData(null, "http://localhost:7071")]
    [InlineData("7072", "http://localhost:7072")]
    public void Check_takes_the_port_of_local_settings_json_when_no_address_is_given(string? port, string expected) =>
        Assert.Equal([expected], LoopbackUrls.Check(Configuration("Host:LocalHttpPort", port)));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("http")]
    public void Check_refuses_a_port_that_is_none(string port)
    {
        var fault = Assert.Throws<LocalHostException>(() => LoopbackUrls.Check(Configuration("Host:LocalHttpPort", port)));

        Assert.Contains($"'{port}'", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddTo_reads_the_port_of_the_file()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, """{ "Host": { "LocalHttpPort": 7073 } }""");
            var configuration = new ConfigurationBuilder();
            LocalSettings.AddTo(configuration, file);

            Assert.Equal(["http://localhost:7073"], LoopbackUrls.Check(configuration.Build()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string[] Check(string urls) => LoopbackUrls.Check(Configuration("urls", urls));

    private static IConfiguration Configuration(string key, string? value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(key, value)]).Build();
}
