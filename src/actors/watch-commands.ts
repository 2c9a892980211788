/** Watches the commands that an ActorSystem is given: how many, with what result, how long, in which trace. */
import { DeskwireError } from '../domain/errors.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { ActorSystem } from './actor-system.ts';

export function watchCommands(actors: ActorSystem, { metrics, tracing }: Telemetry): ActorSystem {
  return {
    async execute(kind, id, command, context) {
      const startedAt = performance.now();
      let result = 'failed';
      try {
        const outcome = await tracing.span(
          {
            name: `deskwire.command ${command.type}`,
            attributes: { 'deskwire.stream.kind': kind, 'deskwire.stream.id': id },
            parent: context.traceparent,
          },
          // What the command records belongs to this span, and so does what follows from it.
          (traceparent) =>
            actors.execute(kind, id, command, traceparent === undefined ? context : { ...context, traceparent }),
        );
        result = outcome.duplicate ? 'repeated' : outcome.events.length === 0 ? 'unchanged' : 'done';
        return outcome;
      } catch (error) {
        if (error instanceof DeskwireError) result = error.code;
        throw error;
      } finally {
        metrics.commandAnswered(kind, command.type, result, performance.now() - startedAt);
      }
    },
    read: actors.read,
    close: actors.close,
  };
}
