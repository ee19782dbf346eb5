/**
 * The newest state of each tenant that this process has seen. All Tenant objects with the same id share one state, so the state is current also
 * for an object that an application has kept. It is dropped with the last of these objects, which bounds the memory.
 *
 * States come from lookups, own changes and notices in any order. Each has the revision of the row, which the catalog counts up at each
 * change, and the higher one is the newer one.
 */
import type { TenantState } from '../../tenant-identity.ts'

export class TenantStates {
  readonly #states = new Map<string, WeakRef<TenantState>>()
  readonly #gone = new FinalizationRegistry<string>((id) => {
    if (this.#states.get(id)?.deref() === undefined) this.#states.delete(id)
  })

  get size(): number {
    return this.#states.size
  }

  /** The state that a Tenant object of this id has to share, after this one was seen. */
  learn(id: string, seen: TenantState): TenantState {
    const known = this.find(id)
    if (known !== undefined) return update(known, seen)
    const state = { ...seen }
    this.#states.set(id, new WeakRef(state))
    this.#gone.register(state, id)
    return state
  }

  /** As `learn`, without an object that would share it: only a known state is updated. */
  note(id: string, seen: TenantState): void {
    const known = this.find(id)
    if (known !== undefined) update(known, seen)
  }

  /** The row is gone; its id never comes back. */
  noteDeleted(id: string): void {
    const known = this.find(id)
    if (known !== undefined) known.isDeleted = true
  }

  /** Migrations have run: what is known of histories may be older. */
  forgetDigests(): void {
    for (const state of this.#states.values()) delete state.deref()?.digest
  }

  /** A transaction was rolled back in which states were seen: the next lookup counts, whatever its revision. Returns the ids of all that are known. */
  forgetRevisions(): string[] {
    const ids: string[] = []
    for (const [id, known] of this.#states) {
      const state = known.deref()
      if (state === undefined) continue
      Object.assign(state, { revision: -1, isDeleted: false })
      ids.push(id)
    }
    return ids
  }

  find(id: string): TenantState | undefined {
    return this.#states.get(id)?.deref()
  }
}

function update(known: TenantState, seen: TenantState): TenantState {
  return seen.revision >= known.revision ? Object.assign(known, seen) : known
}
