using Microsoft.AspNetCore.Connections;
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
catch (IOException fault) when (fault.InnerException is AddressInUseException)
{
    await Console.Error.WriteLineAsync($"{fault.Message} Is another local host or func running? --urls http://localhost:7072 takes another port.");
    return 1;
}
catch (OperationCanceledException)
{
    return 1; // Ctrl+C before it was up
}
