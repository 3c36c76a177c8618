using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.AddSseFunctions(sse => sse
    .AddClock()
    .AddRuntime()
    .AddRetention()
    .AddDemoPage()
    .ExportTelemetry()
    .QuietenWebServerLog()
    .TuneKestrel());
await builder.Build().RunAsync();
