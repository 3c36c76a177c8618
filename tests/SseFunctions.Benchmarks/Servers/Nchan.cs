using System.Diagnostics;
using System.Globalization;
using System.Text;
using SseFunctions.TestSupport;

namespace SseFunctions.Benchmarks.Servers;

/// <summary>nchan in nginx, when both are installed (Debian: nginx-light, libnginx-mod-nchan): one worker, messages in memory.</summary>
internal sealed class Nchan : Server
{
    private const string Module = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    private readonly string folder;
    private readonly Process nginx;
    private readonly HttpClient publisher;

    private Nchan(int port, string folder, Process nginx)
        : base("nchan", port)
    {
        (this.folder, this.nginx) = (folder, nginx);
        publisher = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/")) };
    }

    public static bool IsInstalled => File.Exists(Module) && File.Exists("/usr/sbin/nginx");

    public override string StreamPath => "/sub";

    protected override IEnumerable<int> ProcessIds =>
        [nginx.Id, .. File.ReadAllText($"/proc/{nginx.Id}/task/{nginx.Id}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    public static async Task<Nchan> StartAsync()
    {
        var port = LocalHostProcess.FreePort();
        var folder = Directory.CreateTempSubdirectory("nchan").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "nginx.conf"), $$"""
            load_module {{Module}};
            daemon off; user root; pid {{folder}}/nginx.pid; error_log {{folder}}/error.log;
            worker_processes 1; worker_rlimit_nofile 20000;
            events { worker_connections 12000; }
            http {
              access_log off; tcp_nodelay on; keepalive_requests 1000000000;
              client_body_temp_path {{folder}}/body; proxy_temp_path {{folder}}/proxy;
              server {
                listen 127.0.0.1:{{port}} backlog=4096;
                location = /sub { nchan_subscriber eventsource; nchan_channel_id bench; nchan_subscriber_first_message newest; }
                location = /pub { nchan_publisher; nchan_channel_id bench; nchan_message_buffer_length 10000; nchan_message_timeout 5m; }
              }
            }
            """);
        var nginx = Process.Start(new ProcessStartInfo("/usr/sbin/nginx", ["-p", folder, "-c", Path.Combine(folder, "nginx.conf")]) { RedirectStandardError = true })!;
        var nchan = new Nchan(port, folder, nginx);
        while (!await nchan.AnswersAsync())
            await Task.Delay(50);

        await nchan.PublishAsync("open"); // a subscriber gets its headers at once, and its first byte with the first message
        return nchan;
    }

    public override async Task PublishAsync(params IReadOnlyList<string> data)
    {
        foreach (var text in data)
        {
            using var body = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            using var answer = await publisher.PostAsync("pub", body);
            answer.EnsureSuccessStatusCode();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        publisher.Dispose();
        using (var kill = Process.Start("kill", ["-QUIT", nginx.Id.ToString(CultureInfo.InvariantCulture)]))
            await kill.WaitForExitAsync();

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        try
        {
            await nginx.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            nginx.Kill(entireProcessTree: true); // streams that are still open would keep it
        }

        nginx.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var answer = await publisher.GetAsync("pub");
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
