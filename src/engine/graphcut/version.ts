/** Changes when the same prompt on the same picture gets another answer. */
export const GRAPHCUT_VERSION = "1";
