// One process life of a server: spawned, signalled, ended; never started again (LocalServer makes another).
//
// Each leads a process group of its own: signals reach the server also behind a wrapper script, and a Ctrl-C in the
// terminal does not, so that the application decides when its servers end.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { guardGroup } from './supervisor.js'
import { deadlineIn, until } from './until.js'

/** How long the rest of a group may outlive its leader (a wrapper's server that is still finishing) before SIGKILL. */
const STRAGGLERS_MS = 3_000
/** The same after SIGKILL, which nobody outlives: what still counts is dead, and waits for a slow init to reap it. */
const KILLED_STRAGGLERS_MS = 300

export class ServerProcess {
  /** Resolves when every process of the group is gone, with how it ended, in words. Never rejects. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  #end: string | undefined
  #isPaused = false
  #wasKilled = false

  /** Output goes to a file and not through a pipe: a server must not block because nobody reads. */
  constructor(path: string, args: readonly string[], dir: string, logFile: string) {
    const log = openSync(logFile, 'a')
    try {
      this.#child = spawn(path, args, { cwd: dir, detached: true, stdio: ['ignore', log, log] })
    } finally {
      closeSync(log)
    }
    const release = this.#child.pid === undefined ? () => {} : guardGroup(this.#child.pid)
    this.ended = this.#watch().then(end => {
      release()
      this.#end = end
      return end
    })
  }

  /** How it ended, in words; undefined while it runs. */
  get end(): string | undefined {
    return this.#end
  }

  /** Process id of the group's leader: the server, or the wrapper script that runs it. */
  get pid(): number | undefined {
    return this.#child.pid
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  signal(name: NodeJS.Signals): void {
    const group = this.#child.pid
    if (group === undefined || this.#end !== undefined) return
    try {
      process.kill(-group, name)
    } catch (error) {
      // Ended in this moment; `ended` will tell.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
    if (name === 'SIGKILL') this.#wasKilled = true
    if (name === 'SIGSTOP') this.#isPaused = true
    if (name === 'SIGCONT') this.#isPaused = false
  }

  /** Resolves true when it has ended, false when it has not within the time. */
  async endsWithin(timeoutMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>(resolve => {
      timer = setTimeout(resolve, timeoutMs, false)
    })
    const isInTime = await Promise.race([this.ended.then(() => true), late])
    clearTimeout(timer)
    return isInTime
  }

  /** Ends it politely; by force when that takes longer than the time given, at once when that is 0. */
  async finish(politeMs: number): Promise<void> {
    // Who waits for the end must not be ended by an empty event loop before.
    this.ref()
    if (politeMs > 0) {
      this.signal('SIGTERM')
      // A stopped process hears SIGTERM only when it goes on.
      this.signal('SIGCONT')
      if (await this.endsWithin(politeMs)) return
    }
    this.signal('SIGKILL')
    await this.ended
  }

  ref(): void {
    this.#child.ref()
  }

  unref(): void {
    this.#child.unref()
  }

  async #watch(): Promise<string> {
    const end = await new Promise<string>(resolve => {
      this.#child.once('error', error => resolve(`could not be run: ${error.message}`))
      this.#child.once('exit', (code, signal) =>
        resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`),
      )
    })
    if (this.#hasStragglers()) {
      await until(
        deadlineIn(this.#wasKilled ? KILLED_STRAGGLERS_MS : STRAGGLERS_MS),
        () => (this.#hasStragglers() ? undefined : true),
        () => new Error('stragglers'),
      ).catch(() => this.signal('SIGKILL'))
    }
    return end
  }

  #hasStragglers(): boolean {
    if (this.#child.pid === undefined) return false
    try {
      return process.kill(-this.#child.pid, 0)
    } catch {
      // ESRCH: nobody is left in the group.
      return false
    }
  }
}
