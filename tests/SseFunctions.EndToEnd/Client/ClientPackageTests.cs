using System.Text.Json;
using SseFunctions.TestSupport;

namespace SseFunctions.EndToEnd.Client;

/// <summary>client.js as an npm package.</summary>
public sealed class ClientPackageTests
{
    [SkippableFact]
    public async Task Package_has_the_client_its_types_and_a_readme_and_passes_the_linters()
    {
        Skip.IfNot(Thoroughness.IsFull, Thoroughness.PackagesOnlyInFull);
        var target = Directory.CreateTempSubdirectory("client-package-");
        try
        {
            var packed = JsonDocument.Parse(await RunNpmAsync("pack", ClientFileTests.Folder, "--json", "--pack-destination", target.FullName)).RootElement[0];

            Assert.Equal(
                ["README.md", "client.d.ts", "client.js", "package.json"],
                packed.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("path").GetString()).Order(StringComparer.Ordinal));
            var file = Path.Combine(target.FullName, packed.GetProperty("filename").GetString()!);
            await NodeFolder.RunAsync(default, "node_modules/publint/src/cli.js", "run", file, "--strict");
            // From CommonJS it can be imported only dynamically, as every module for browsers alone.
            await NodeFolder.RunAsync(default, "node_modules/@arethetypeswrong/cli/dist/index.js", file, "--profile", "esm-only");
        }
        finally
        {
            target.Delete(recursive: true);
        }
    }

    private static async Task<string> RunNpmAsync(params string[] arguments)
    {
        await NodeFolder.RunAsync(default, "--version"); // installs what the linters are
        await using var npm = OperatingSystem.IsWindows()
            ? WatchedProcess.Start("cmd.exe", ["/c", "npm", .. arguments], NodeFolder.FullName, new Dictionary<string, string>())
            : WatchedProcess.Start("npm", arguments, NodeFolder.FullName, new Dictionary<string, string> { ["npm_config_loglevel"] = "silent" });
        Assert.True(await npm.ExitAsync(TestSupport.SseStream.Timeout) == 0, npm.Output);
        return npm.Output;
    }
}
