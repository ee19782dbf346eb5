/** Short messages about what has just happened. `UiToaster` shows them. */
import { readonly, ref } from 'vue'

interface Toast {
  readonly id: number
  readonly tone: 'good' | 'bad'
  readonly text: string
}

const toasts = ref<Toast[]>([])
let count = 0

/** More than these cover the page; the oldest goes first. */
const atMost = 5

function add(tone: Toast['tone'], text: string): void {
  toasts.value = [...toasts.value, { id: ++count, tone, text }].slice(-atMost)
}

/**
 * @example
 * const toast = useToast()
 * toast.good('Tenant acme was created.')
 * toast.bad('The tenant could not be created.')
 */
export function useToast() {
  return {
    toasts: readonly(toasts),
    good: (text: string): void => add('good', text),
    /** Stays until it is dismissed: an error must not vanish before it is read. */
    bad: (text: string): void => add('bad', text),
    dismiss: (id: number): void => {
      toasts.value = toasts.value.filter((toast) => toast.id !== id)
    },
  }
}
