/** Something that is done by a click: afterwards all that is shown is asked for again; a refusal becomes a message. */
import { useToast } from '@partywall/ui'
import { useQueryClient } from '@tanstack/vue-query'
import { ref, type Ref } from 'vue'

export interface Act {
  readonly isActing: Ref<boolean>
  /** Whether it was done. */
  act(work: () => Promise<unknown>, said?: string): Promise<boolean>
}

export function useAct(): Act {
  const toast = useToast()
  const queries = useQueryClient()
  const isActing = ref(false)
  return {
    isActing,
    async act(work, said) {
      if (isActing.value) return false
      isActing.value = true
      try {
        await work()
        if (said !== undefined) toast.good(said)
        return true
      } catch (error) {
        toast.bad((error as Error).message)
        return false
      } finally {
        isActing.value = false
        void queries.invalidateQueries()
      }
    },
  }
}
