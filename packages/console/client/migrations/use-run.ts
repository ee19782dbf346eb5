/** A run, followed while it works. The stream brings the whole state each time, so a lost connection loses nothing. */
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { RunDetail } from '../../src/migrations/api.ts'
import { followEvents } from '../api/events.ts'
import { eventsOf, readRun } from './requests.ts'

const againMs = 3000

export function useRun(id: () => string) {
  const run = shallowRef<RunDetail>()
  const error = shallowRef<unknown>()
  const isLive = ref(false)
  let stop = nothing

  async function load(): Promise<void> {
    stop()
    const wanted = id()
    try {
      const found = await readRun(wanted)
      if (wanted !== id()) return
      run.value = found
      error.value = undefined
      if (found.state === 'running') follow(wanted)
    } catch (problem) {
      if (wanted === id()) error.value = problem
    }
  }

  function follow(wanted: string): void {
    const end = followEvents(eventsOf(wanted), {
      names: ['run', 'end'],
      onEvent(name, data) {
        isLive.value = true
        if (name === 'run') run.value = data as RunDetail
        else stop()
      },
      onError(isOver) {
        isLive.value = false
        // The browser does not try again where it was refused, for example because the session is over.
        if (isOver) void load()
      },
    })
    stop = () => {
      isLive.value = false
      end()
      stop = nothing
    }
  }

  watch(id, load, { immediate: true })
  // Another operator may resume it.
  const again = setInterval(() => {
    if (run.value !== undefined && run.value.state !== 'running' && run.value.state !== 'done' && !document.hidden) void load()
  }, againMs)
  onScopeDispose(() => {
    clearInterval(again)
    stop()
  })
  return { run, error, isLive, load }
}

function nothing(): void {
  // Nothing is followed.
}
