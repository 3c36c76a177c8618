using SseFunctions.Configuration;
using SseFunctions.Local;

try
{
    var hasRunKey = false;
    await using var app = LocalHost.Build(args, builder => hasRunKey = RunKey.AddTo(builder.Configuration));
    await LocalHost.StartAsync(app);
    if (hasRunKey)
        Console.WriteLine("Tokens are signed with a random key, made for this run, and are valid until it ends; Access__SigningKey sets a key of your own.");

    LocalHost.PrintAddresses(app);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception ex) when (ex is SettingsException or LocalHostException)
{
    await Console.Error.WriteLineAsync(ex.Message);
    return 1;
}
catch (InvalidDataException ex)
{
    await Console.Error.WriteLineAsync(JsonFault.Describe("appsettings.json", ex));
    return 1;
}
catch (OperationCanceledException)
{
    return 1; // Ctrl+C before it was up
}
