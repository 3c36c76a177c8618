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
    [InlineData("http://app.localhost:7071")]
    [InlineData("https://localhost:65535")]
    public void Read_accepts_loopback(string urls) => Assert.Equal(urls.Split(';'), Read(urls));

    [Theory]
    [InlineData("http://0.0.0.0:7071")]
    [InlineData("http://*:7071")]
    [InlineData("http://+:7071")]
    [InlineData("http://[::]:7071")]
    [InlineData("http://example.org:7071")]
    [InlineData("http://localhost.example.org:7071")]
    [InlineData("http://notlocalhost:7071")]
    [InlineData("http://unix:/tmp/emitter.sock")]
    [InlineData("http://pipe:/emitter")]
    [InlineData("http://localhost:1;http://192.168.1.1:2")]
    [InlineData("7071")]
    public void Read_refuses_what_others_could_reach(string urls) => Assert.Throws<LocalHostException>(() => Read(urls));

    [Theory]
    [InlineData("http://localhost:7071/path", "path")]
    [InlineData("http://localhost:65536", "65536")]
    [InlineData("http://localhost:-1", "-1")]
    [InlineData("ftp://localhost:7071", "ftp")]
    [InlineData("http://localhost:abc", "allowed is an address such as")]
    public void Read_refuses_what_the_web_server_refuses_and_says_why(string url, string named)
    {
        var ex = Assert.Throws<LocalHostException>(() => Read(url));

        Assert.Contains(url, ex.Message, StringComparison.Ordinal);
        Assert.Contains(named, ex.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', ex.Message);
    }

    [Fact]
    public void Read_takes_the_default_where_no_address_is_left() => Assert.Equal(["http://localhost:7071"], Read(" ; "));

    /// <summary>The web server has no free port for a name, which has two addresses.</summary>
    [Theory]
    [InlineData("http://localhost:0", "http://127.0.0.1:0")]
    [InlineData("http://app.localhost:0", "http://127.0.0.1:0")]
    [InlineData("http://[::1]:0", "http://[::1]:0")]
    public void Read_gives_a_free_port_of_one_address(string url, string expected) => Assert.Equal([expected], Read(url));

    [Fact]
    public void HostNames_are_those_of_loopback_and_of_the_addresses() =>
        Assert.Equal(["127.0.0.2", "localhost", "*.localhost", "127.0.0.1", "[::1]"], LoopbackUrls.HostNames(["http://127.0.0.2:7072", "http://localhost:7071"]));

    [Theory]
    [InlineData(null, "http://localhost:7071")]
    [InlineData("7072", "http://localhost:7072")]
    public void Read_takes_the_port_of_local_settings_json_when_no_address_is_given(string? port, string expected) =>
        Assert.Equal([expected], LoopbackUrls.Read(Configuration("Host:LocalHttpPort", port)));

    [Theory]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("http")]
    public void Read_refuses_a_port_that_is_none(string port)
    {
        var ex = Assert.Throws<LocalHostException>(() => LoopbackUrls.Read(Configuration("Host:LocalHttpPort", port)));

        Assert.Contains($"'{port}'", ex.Message, StringComparison.Ordinal);
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

            Assert.Equal(["http://localhost:7073"], LoopbackUrls.Read(configuration.Build()));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string[] Read(string urls) => LoopbackUrls.Read(Configuration("urls", urls));

    private static IConfiguration Configuration(string key, string? value) =>
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(key, value)]).Build();
}
