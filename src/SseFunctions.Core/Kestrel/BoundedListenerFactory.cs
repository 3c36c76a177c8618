using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace SseFunctions.Kestrel;

/// <summary>
/// Accepts no connection while so many have a descriptor. Kestrel accepts all that come before it closes those that are too many, and
/// a thousand that come at once would take the process's last descriptor; now they wait in the kernel's backlog, where they have none.
/// </summary>
/// <param name="max">Connections that are accepted and not closed yet, at a time; null for no bound.</param>
[SuppressMessage("Design", "CA1001", Justification = "Without a wait handle there is nothing to dispose of, and connections give their room back until the end.")]
internal sealed class BoundedListenerFactory(SocketTransportFactory inner, long? max) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    /// <summary>All listeners of the process together.</summary>
    private readonly SemaphoreSlim room = new((int)Math.Min(max ?? int.MaxValue, int.MaxValue));

    public bool CanBind(EndPoint endpoint) => inner.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await inner.BindAsync(endpoint, cancellationToken), room);

    private sealed class Listener(IConnectionListener inner, SemaphoreSlim room) : IConnectionListener
    {
        private readonly CancellationTokenSource unbound = new();

        public EndPoint EndPoint => inner.EndPoint;

        /// <returns>Null when the listener accepts no more.</returns>
        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                await room.WaitAsync(unbound.Token);
            }
            catch (OperationCanceledException)
            {
                return null;
            }

            ConnectionContext? accepted = null;
            try
            {
                accepted = await inner.AcceptAsync(cancellationToken);
            }
            finally
            {
                if (accepted is null)
                    room.Release();
            }

            return accepted is null ? null : new Connection(accepted, room);
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await unbound.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        public async ValueTask DisposeAsync()
        {
            await unbound.CancelAsync();
            await inner.DisposeAsync();
        }
    }

    /// <summary>The connection itself, which gives its room back when its socket is closed.</summary>
    private sealed class Connection(ConnectionContext inner, SemaphoreSlim room) : ConnectionContext
    {
        private int isDisposed;

        public override string ConnectionId { get => inner.ConnectionId; set => inner.ConnectionId = value; }

        public override IFeatureCollection Features => inner.Features;

        public override IDictionary<object, object?> Items { get => inner.Items; set => inner.Items = value; }

        public override IDuplexPipe Transport { get => inner.Transport; set => inner.Transport = value; }

        public override CancellationToken ConnectionClosed { get => inner.ConnectionClosed; set => inner.ConnectionClosed = value; }

        public override EndPoint? LocalEndPoint { get => inner.LocalEndPoint; set => inner.LocalEndPoint = value; }

        public override EndPoint? RemoteEndPoint { get => inner.RemoteEndPoint; set => inner.RemoteEndPoint = value; }

        public override void Abort() => inner.Abort();

        public override void Abort(ConnectionAbortedException abortReason) => inner.Abort(abortReason);

        /// <summary>Kestrel disposes twice of those that are too many.</summary>
        public override async ValueTask DisposeAsync()
        {
            try
            {
                await inner.DisposeAsync();
                await base.DisposeAsync();
            }
            finally
            {
                if (Interlocked.Exchange(ref isDisposed, 1) == 0)
                    room.Release();
            }
        }
    }
}
