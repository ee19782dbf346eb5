/** For components whose control is inside of another element. */
import { computed, useAttrs } from 'vue'

/** The class and the style belong to what the component takes up on the page; all else, such as a name or a listener, to its control. */
export function useSplitAttributes() {
  const attributes = useAttrs()
  return {
    outer: computed(() => ({ class: attributes['class'], style: attributes['style'] as Record<string, string> | undefined })),
    inner: computed(() => ({ ...attributes, class: undefined, style: undefined })),
  }
}
