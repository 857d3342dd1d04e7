// The folder in which servers keep data, configuration and logs: a temporary one, or the user's.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { guardFolder } from './supervisor.js'

export class Workspace {
  readonly path: string
  /** Removed at the end; otherwise it is the user's, and kept. */
  readonly isTemporary: boolean
  #release: (() => void) | undefined

  private constructor(path: string, isTemporary: boolean) {
    this.path = path
    this.isTemporary = isTemporary
  }

  static async create(dir: string | undefined): Promise<Workspace> {
    const path = dir === undefined ? await mkdtemp(join(tmpdir(), 'slotwise-')) : resolve(dir)
    const workspace = new Workspace(path, dir === undefined)
    await workspace.open()
    return workspace
  }

  /** Makes the folder, also again after `remove`. */
  async open(): Promise<void> {
    if (this.isTemporary) this.#release ??= guardFolder(this.path)
    await mkdir(this.path, { recursive: true })
  }

  /** Removes the folder where it is temporary. The servers in it have ended. */
  async remove(): Promise<void> {
    if (!this.isTemporary) return
    await rm(this.path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    this.#release?.()
    this.#release = undefined
  }
}
