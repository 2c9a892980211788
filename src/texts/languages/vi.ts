/** The texts in Vietnamese. */
import type { Language } from './en.ts';

export const vi: Language = {
  notifications: {
    support_ticket_created: {
      title: 'Yêu cầu hỗ trợ mới',
      message: 'Người dùng {username} đã tạo một yêu cầu hỗ trợ mới',
    },
    support_ticket_updated: {
      title: 'Yêu cầu hỗ trợ đã được cập nhật',
      message: 'Yêu cầu hỗ trợ #{number} của bạn đã được cập nhật',
    },
    support_ticket_resolved: {
      title: 'Yêu cầu hỗ trợ đã được giải quyết',
      message: 'Yêu cầu hỗ trợ #{number} của bạn đã được giải quyết',
    },
    support_ticket_deleted: {
      title: 'Yêu cầu hỗ trợ đã bị xóa',
      message: 'Yêu cầu hỗ trợ #{number} của bạn đã bị xóa',
    },
    support_ticket_assigned: {
      title: 'Yêu cầu được giao cho bạn',
      message: 'Yêu cầu #{number} đã được giao cho bạn',
    },
    support_message_new: {
      title: 'Tin nhắn mới',
      message: `{senderName}: {sent, select,
        image {{count, plural, =1 {đã gửi một hình ảnh: {fileName}} other {đã gửi # hình ảnh}}}
        file {{count, plural, =1 {đã gửi một tệp: {fileName}} other {đã gửi # tệp}}}
        other {{preview}}}`,
    },
  },
};
