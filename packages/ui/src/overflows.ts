/** Whether an element has more content than it shows. */
import { onBeforeUnmount, onMounted, ref } from 'vue'
import type { Ref, ShallowRef } from 'vue'

export interface Overflow {
  /** The content is wider than the element: then the keyboard has to be able to scroll it. */
  readonly overflows: Ref<boolean>
  /** There is more beyond the end that is shown: then a shade says so. */
  readonly hasMore: Ref<boolean>
}

export function useOverflow(element: Readonly<ShallowRef<HTMLElement | null>>): Overflow {
  const overflows = ref(false)
  const hasMore = ref(false)
  let observer: ResizeObserver | undefined

  function look() {
    const box = element.value
    if (box === null) return
    const hidden = box.scrollWidth - box.clientWidth
    overflows.value = hidden > 0
    // From right to left the positions are negative; on some screens they are not whole.
    hasMore.value = hidden - Math.abs(box.scrollLeft) > 1
  }

  onMounted(() => {
    const box = element.value
    if (box === null) return
    observer = new ResizeObserver(look)
    observer.observe(box)
    for (const child of box.children) observer.observe(child)
    box.addEventListener('scroll', look, { passive: true })
  })
  onBeforeUnmount(() => observer?.disconnect())
  return { overflows, hasMore }
}
