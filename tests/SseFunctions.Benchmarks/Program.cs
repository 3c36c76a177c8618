using System.Globalization;
using SseFunctions.Benchmarks;
using SseFunctions.Benchmarks.Clients;
using SseFunctions.Benchmarks.Figures;
using SseFunctions.Benchmarks.Scale;
using SseFunctions.Benchmarks.Servers;
using SseFunctions.Benchmarks.Storm;

var all = new Dictionary<string, Func<IAsyncEnumerable<Figure>>>
{
    ["latency"] = Latency.MeasureAsync,
    ["fan-out"] = FanOut.MeasureAsync,
    ["outputs"] = Outputs.MeasureAsync,
    ["filter"] = Filter.MeasureAsync,
    ["burst"] = Burst.MeasureAsync,
    ["memory"] = IdleMemory.MeasureAsync,
    ["poll"] = PollRequests.MeasureAsync,
    ["reads"] = TableReads.MeasureAsync,
    ["group-commit"] = GroupCommit.MeasureAsync,
    ["catch-up"] = CatchUp.MeasureAsync,
    ["cold-start"] = ColdStart.MeasureAsync,
    ["retention"] = Retention.MeasureAsync,
    ["runs"] = Runs.MeasureAsync,
};

// The parts that run in processes of their own.
switch (args)
{
    case [LoadClients.Verb]:
        return ClientLoop.Run();
    case [BareSendLoop.Verb, var port]:
        return BareSendLoop.Run(int.Parse(port, CultureInfo.InvariantCulture));
    case [StockServer.Verb, var port]:
        return await StockServer.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
    case [HeldResponse.Verb, var port]:
        return await HeldResponse.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
    case [Publishers.Verb, var connectionString, var tableName, var count]:
        return await Publishers.RunAsync(connectionString, tableName, int.Parse(count, CultureInfo.InvariantCulture));
    case [RunWriter.Verb, var connectionString, var tableName, .. var numbers] when numbers.Length == 4:
        var of = numbers.Select(number => int.Parse(number, CultureInfo.InvariantCulture)).ToArray();
        return await RunWriter.RunAsync(connectionString, tableName, of[0], of[1], of[2], of[3]);
    case [RunReader.Verb, var connectionString, var tableName]:
        return await RunReader.RunAsync(connectionString, tableName);
    case ["storm"]:
        var (same, drawn) = (ReconnectStorm.Simulate(isJittered: false), ReconnectStorm.Simulate(isJittered: true));
        await File.WriteAllTextAsync(StormPicture.Path, StormPicture.Draw(same, drawn));
        Console.WriteLine($"Within {ReconnectStorm.Step}, at most: {same.Max():N0} connections at the same times, {drawn.Max():N0} at drawn ones. {StormPicture.Path}");
        return 0;
    case ["scale"]:
        return ScaleDocument.Write();
    case ["scale", "--check"]:
        return ScaleDocument.Check();
}

if (!OperatingSystem.IsLinux() || args.Any(name => !all.ContainsKey(name)))
{
    await Console.Error.WriteLineAsync($"On Linux, with any of: {string.Join(", ", all.Keys)}; without a name all.");
    return 1;
}

var table = new List<string> { "| figure | goal | measured | |", "|---|---|---|---|" };
foreach (var name in args.Length > 0 ? args : [.. all.Keys])
{
    Console.WriteLine($"{name} ...");
    await foreach (var figure in all[name]())
    {
        table.Add($"| {figure.Name} | {figure.Goal} | {figure.Measured} | {(figure.IsReached ? "" : "not reached")} |");
        Console.WriteLine($"  {table[^1]}");
    }
}

Console.WriteLine();
Console.WriteLine(string.Join(Environment.NewLine, table));
return 0;
