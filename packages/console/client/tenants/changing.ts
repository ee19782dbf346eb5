/** A change that a page asks for: while it runs, what the server says of it, and what is loaded again behind it. */
import { useMutation, useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useToast } from '@partywall/ui'
import { ApiError } from '../api/fetch.ts'
import { fieldsOf, textOf } from './requests.ts'

/** @param made what to say when it is done */
export function useChange<Input, Output>(
  work: (input: Input) => Promise<Output>,
  made?: (output: Output, input: Input) => unknown,
) {
  const queries = useQueryClient()
  const toast = useToast()
  const { mutate, error, isPending, reset } = useMutation({
    mutationFn: work,
    async onSuccess(output: Output, input: Input) {
      const text = made?.(output, input)
      if (typeof text === 'string') toast.good(text)
      await queries.invalidateQueries({ queryKey: ['tenants'] })
    },
    async onError(refused: unknown) {
      const isConflict = refused instanceof ApiError && refused.code === 'TENANT_CHANGED_MEANWHILE'
      if (Object.keys(fieldsOf(refused)).length === 0) toast.bad(textOf(refused))
      if (isConflict) await queries.invalidateQueries({ queryKey: ['tenants'] })
    },
  })
  return {
    run: mutate,
    isPending,
    reset,
    fields: computed(() => fieldsOf(error.value)),
    error: computed(() => (error.value === null ? undefined : textOf(error.value))),
  }
}
