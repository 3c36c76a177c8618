using SseFunctions.Api;
using SseFunctions.Local;

try
{
    await using var app = LocalHost.Build(args);
    await app.StartAsync();
    LocalHost.PrintAddresses(app);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception fault) when (fault is SettingsException or LocalHostException)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 1;
}
