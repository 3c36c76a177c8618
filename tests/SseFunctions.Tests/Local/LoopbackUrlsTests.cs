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

    private static string[] Check(string urls) => LoopbackUrls.Check(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("urls", (string?)urls)]).Build(),
        "http://localhost:7071");
}
