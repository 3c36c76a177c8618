using Microsoft.Extensions.Configuration;
using SseFunctions.Api;

namespace SseFunctions.Tests.Api;

public class HostJsonAdviceTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(55);

    [Fact]
    public void This_repositorys_host_json_needs_none()
    {
        var file = new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json")).Build();

        Assert.Empty(new HostJsonAdvice(file, file, isConsumption: true).Lines(TimeSpan.FromMinutes(2)));
    }

    [Theory]
    [InlineData("functionTimeout", "00:01:00", "functionTimeout is 00:01:00: a stream ends within 00:00:55,", "Write \"functionTimeout\": \"00:05:00\".")]
    [InlineData("extensions:http:maxOutstandingRequests", "200", "extensions.http.maxOutstandingRequests is 200: ", "Write \"maxOutstandingRequests\": -1.")]
    [InlineData("extensions:http:maxConcurrentRequests", "100", "extensions.http.maxConcurrentRequests is 100: ", "Write \"maxConcurrentRequests\": -1.")]
    [InlineData("extensions:http:dynamicThrottlesEnabled", "true", "extensions.http.dynamicThrottlesEnabled is true: ", "Write \"dynamicThrottlesEnabled\": false.")]
    public void Line_says_what_is_set_what_it_does_and_what_to_write(string key, string value, string beginning, string end)
    {
        var file = With((key, value));

        var line = Assert.Single(new HostJsonAdvice(file, file, isConsumption: false).Lines(Lifetime));

        Assert.StartsWith(beginning, line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Throttles_that_are_not_set_count_on_a_consumption_plan_alone()
    {
        var none = With();

        Assert.Empty(new HostJsonAdvice(none, none, isConsumption: false).Lines(Lifetime));
        Assert.Equal(3, new HostJsonAdvice(none, none, isConsumption: true).Lines(Lifetime).Count());
    }

    [Fact]
    public void Prefix_that_only_an_app_setting_has_is_named()
    {
        var line = Assert.Single(new HostJsonAdvice(With(("extensions:http:routePrefix", "live")), With(), isConsumption: false).Lines(Lifetime));

        Assert.EndsWith("Write \"routePrefix\": \"live\" into the file.", line, StringComparison.Ordinal);
    }

    private static IConfigurationRoot With(params (string Key, string Value)[] values) => new ConfigurationBuilder()
        .AddInMemoryCollection(values.Select(value => KeyValuePair.Create(value.Key, (string?)value.Value)))
        .Build();
}
