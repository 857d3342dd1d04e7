// The lanes of one node; a slot always takes the same one, so the order of commands on a key holds.
import type { Connection, ConnectionContext, ConnectionTarget } from '../connection/connection.js'
import type { Command } from '../protocol/command.js'
import type { Executor, Lifecycle, Sink } from '../protocol/executor.js'
import { Lane, type LaneHooks } from './lane.js'
import type { Redial } from './redial.js'

export class Lanes implements Executor, Lifecycle {
  readonly #lanes: readonly Lane[]
  readonly #only: Lane | undefined
  #turn = 0

  constructor(
    count: number,
    target: ConnectionTarget,
    context: ConnectionContext,
    redial: Redial,
    hooks: LaneHooks,
  ) {
    this.#lanes = Array.from({ length: count }, () => new Lane(target, context, redial, hooks))
    this.#only = count === 1 ? this.#lanes[0] : undefined
  }

  execute(command: Command, sink: Sink): void {
    const lane = this.#only ?? this.#laneFor(command.slot)
    lane.execute(command, sink)
  }

  get connections(): readonly Connection[] {
    return this.#lanes.flatMap(lane => lane.connection ?? [])
  }
  /** One of them answers, as far as is known. */
  get anyServes(): boolean {
    return this.#lanes.some(lane => lane.serves)
  }
  get anySilent(): boolean {
    return this.#lanes.some(lane => lane.isSilent)
  }

  /** Dials where nothing is there, or beside what hangs. */
  revive(now: number): void {
    // One that is ready says that the node serves; the others dial when they are asked.
    if (this.#lanes.every(lane => lane.isEmpty)) this.#lanes[0]?.dial()
    else for (const lane of this.#lanes) lane.probe(now)
  }

  replace(): void {
    for (const lane of this.#lanes) lane.replace()
  }
  abandon(reason: Error): void {
    for (const lane of this.#lanes) lane.abandon(reason)
  }
  async close(): Promise<void> {
    await Promise.all(this.#lanes.map(lane => lane.close()))
  }
  destroy(reason?: Error): void {
    for (const lane of this.#lanes) lane.destroy(reason)
  }

  #laneFor(slot: number): Lane {
    const index = slot >= 0 ? slot : this.#turn++
    return this.#lanes[index % this.#lanes.length] as Lane
  }
}
