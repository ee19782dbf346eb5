/** Work that a page follows: its steps, and how it ended. */
import { computed, ref } from 'vue'
import type { Problem, StepAnswer, WorkEvent } from '../../src/tenants/api.ts'
import { ApiError } from '../api/fetch.ts'
import { follow } from './requests.ts'
import { bytesText } from './texts.ts'

export function useWork() {
  const steps = ref<StepAnswer[]>([])
  const progress = ref<Extract<WorkEvent, { type: 'progress' }>>()
  const end = ref<Extract<WorkEvent, { type: 'done' | 'failed' }>>()
  const isRunning = ref(false)

  function take(event: WorkEvent) {
    if (event.type === 'step') {
      const at = steps.value.findIndex(({ name }) => name === event.step.name)
      if (at < 0) steps.value.push(event.step)
      else steps.value[at] = event.step
    } else if (event.type === 'progress') progress.value = event
    else end.value = event
  }

  async function run(path: string, body: unknown): Promise<void> {
    steps.value = []
    end.value = undefined
    progress.value = undefined
    isRunning.value = true
    try {
      await follow(path, body, take)
      if (end.value === undefined)
        fail('NO_ANSWER', 'The connection ended', 'The work goes on at the server. Look at the list of tenants for how it ended.')
    } catch (error) {
      if (error instanceof ApiError) end.value = { type: 'failed', problem: error.problem as unknown as Problem }
      else
        fail('NO_ANSWER', 'The server cannot be reached', 'It may have begun. Look at the list of tenants before you try again.')
    } finally {
      isRunning.value = false
    }
  }

  function fail(code: string, title: string, detail: string) {
    end.value = { type: 'failed', problem: { code, title, detail, status: 0 } }
  }

  const shown = computed(() =>
    steps.value.map(({ name, state, durationMs, error }) => {
      const isCopying = state === 'running' && progress.value !== undefined
      const detail = isCopying
        ? `${progress.value!.table}: ${bytesText(progress.value!.bytes)} of ${bytesText(progress.value!.totalBytes)}`
        : error
      return { label: name, state, ...(durationMs !== undefined && { durationMs }), ...(detail !== undefined && { detail }) }
    }),
  )
  const failure = computed(() => (end.value?.type === 'failed' ? end.value : undefined))
  const done = computed(() => (end.value?.type === 'done' ? end.value : undefined))
  return { run, steps: shown, failure, done, isRunning }
}
