/**
 * What an attempt has committed in its schema so far. It survives the attempt's failure: the next attempt plans from the state that this one left, and no
 * longer sees what was done.
 */
import type { Migration } from '../../ports/migration-source.ts'

type Named = Pick<Migration, 'name'>

export class Progress {
  readonly #done: string[] = []
  #underway: readonly string[] = []

  /** The names of what is committed. */
  get done(): readonly string[] {
    return this.#done
  }

  /** What was sent, without an answer. After a lost connection it may be committed. */
  get underway(): readonly string[] {
    return this.#underway
  }

  /** Runs `commit`, which commits these or throws. */
  async through(migrations: readonly Named[], commit: () => Promise<unknown>): Promise<void> {
    this.#underway = migrations.map(({ name }) => name)
    await commit()
    this.#done.push(...this.#underway)
    this.#underway = []
  }
}
