/** Wraps an ActorSystem to count and time its commands by result, and to trace each in a span. */
import { DeskwireError } from '../domain/errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ActorKind, ActorKinds, ActorSystem, CommandContext, RecordedCommand } from './actor-system.ts';

export function watchCommands(actors: ActorSystem, { metrics, tracing }: Telemetry): ActorSystem {
  async function watch<T extends RecordedCommand>(
    kind: ActorKind,
    id: string,
    { type }: ActorKinds[ActorKind]['command'],
    context: CommandContext,
    run: (context: CommandContext) => Promise<T>,
  ): Promise<T> {
    const startedAt = performance.now();
    let result = 'failed';
    try {
      const outcome = await tracing.span(
        {
          name: `deskwire.command ${type}`,
          attributes: { 'deskwire.stream.kind': kind, 'deskwire.stream.id': id },
          parent: context.traceparent,
        },
        // The events are recorded with this span as their parent, so that their consequences join the same trace.
        (traceparent) => run(traceparent === undefined ? context : { ...context, traceparent }),
      );
      result = outcome.duplicate ? 'repeated' : outcome.events.length === 0 ? 'unchanged' : 'done';
      return outcome;
    } catch (error) {
      if (error instanceof DeskwireError) result = error.code;
      throw error;
    } finally {
      metrics.commandAnswered(kind, type, result, performance.now() - startedAt);
    }
  }

  return {
    execute: (kind, id, command, context) =>
      watch(kind, id, command, context, (watched) => actors.execute(kind, id, command, watched)),
    record: (kind, id, command, context) =>
      watch(kind, id, command, context, (watched) => actors.record(kind, id, command, watched)),
    read: actors.read,
    close: actors.close,
  };
}
